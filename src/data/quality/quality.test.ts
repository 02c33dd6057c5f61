import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasMarketData, readMarketData } from '../market-data.fixture.ts';
import { barsFromRows, checkBars, type BarRow, type Bars } from '../../market/index.ts';
import { assessQuality, maxListedIssues, type QualityReport } from './quality.ts';
import { qualityRules, severities } from './issue.ts';

const daily = { timeframe: '1d', calendar: 'us_equities' } as const;
const minutes = { timeframe: '1m', calendar: 'us_equities' } as const;
const firstMinute = Date.parse('2024-03-05T14:30:00Z');

/** Minutes of one session that go to and fro by a hundredth. */
function session(count: number, change: (row: BarRow, index: number) => Partial<BarRow> = () => ({})): Bars {
  return barsFromRows(
    Array.from({ length: count }, (_, index) => {
      const close = 100 + ((index * 7) % 5) / 100;
      const row = { time: firstMinute + index * 60_000, open: 100, high: 101, low: 99, close, volume: 10 + index };
      return { ...row, ...change(row, index) };
    }),
  );
}

function found({ issues }: QualityReport, rule: string): { index: number; bars: number }[] {
  return issues.filter((issue) => issue.rule === rule).map(({ index, bars }) => ({ index, bars }));
}

describe('assessQuality()', () => {
  it('finds nothing in a quiet session, nor in no bars', () => {
    expect(assessQuality(session(390), minutes)).toMatchObject({ bars: 390, grade: 'clean', counts: {}, issues: [] });
    expect(assessQuality(session(0), minutes)).toMatchObject({ bars: 0, grade: 'clean', issues: [] });
  });

  it.each([
    ['order', 'error', ({ time }: BarRow) => ({ time: time - 300_000 })],
    ['duplicate', 'error', ({ time }: BarRow) => ({ time: time - 60_000 })],
    ['price', 'error', () => ({ low: 0 })],
    ['price', 'error', () => ({ close: Number.NaN })],
    ['high_low', 'error', () => ({ high: 99.5 })],
    ['high_low', 'error', () => ({ low: 100.5 })],
    ['volume', 'error', () => ({ volume: -1 })],
    ['spike', 'warning', () => ({ close: 107, high: 108 })],
    ['off_grid', 'warning', ({ time }: BarRow) => ({ time: time + 7_000 })],
  ] as const)('finds a bar with a wrong %s, which is an %s', (rule, severity, change) => {
    const report = assessQuality(
      session(390, (row, index) => (index === 50 ? change(row) : {})),
      minutes,
    );
    expect(found(report, rule)).toEqual([{ index: 50, bars: 1 }]);
    expect(report.issues.find((issue) => issue.rule === rule)?.severity).toBe(severity);
    expect(report.grade).toBe(severity === 'error' ? 'broken' : 'doubtful');
  });

  it('tells runs as one issue each: prices that stand, volumes of nothing, bars outside the sessions', () => {
    const standing = { open: 100, high: 100, low: 100, close: 100 };
    const report = assessQuality(
      session(450, (_, index) => ({
        ...(index >= 100 && index < 140 ? standing : {}),
        ...(index >= 200 && index < 240 ? { volume: 0 } : {}),
      })),
      minutes,
    );
    expect(found(report, 'stale')).toEqual([{ index: 101, bars: 39 }]);
    expect(found(report, 'zero_volume')).toEqual([{ index: 200, bars: 40 }]);
    expect(found(report, 'outside_sessions')).toEqual([{ index: 390, bars: 60 }]);
  });

  it('keeps an extreme move apart from a split and from a spike', () => {
    const drop = assessQuality(
      session(200, (row, index) => (index < 100 ? {} : { open: 70, high: 71, low: 60, close: row.close * 0.65 })),
      minutes,
    );
    expect(found(drop, 'extreme_move')).toEqual([{ index: 100, bars: 1 }]);
    expect(found(drop, 'spike')).toEqual([]);
    expect(found(drop, 'probable_split'), 'no split takes effect within a session').toEqual([]);
  });

  it('lists a bounded number of issues, the worst first, and counts all', () => {
    const report = assessQuality(
      session(2_000, (row, index) => (index % 2 === 0 ? { low: -1 } : { time: row.time + 1 })),
      minutes,
    );
    expect(report.counts.price).toBe(1_000);
    expect(report.issues).toHaveLength(maxListedIssues);
    expect(new Set(report.issues.map(({ severity }) => severity))).toEqual(new Set(['error']));
  });

  it('reports an error exactly where checkBars refuses the bars, and leaves them as they are', () => {
    const number = fc.oneof(fc.constantFrom(99, 100, 101, 0, -1, Number.NaN, Infinity), fc.double());
    const row = fc.record({
      time: fc.constantFrom(0, 1, 60_000, 0.5),
      open: number,
      high: number,
      low: number,
      close: number,
      volume: number,
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 6 }), (rows) => {
        const bars = barsFromRows(rows.map((each, index) => ({ ...each, time: each.time + index * 60_000 })));
        const before = structuredClone(bars);
        const { grade, counts, totals, issues } = assessQuality(bars, minutes);
        let refused = false;
        try {
          checkBars(bars, 'bars');
        } catch {
          refused = true;
        }
        expect(grade === 'broken').toBe(refused);
        expect(bars).toEqual(before);
        const sum = Object.values(counts).reduce((total, count) => total + count, 0);
        expect(severities.reduce((total, severity) => total + totals[severity], 0)).toBe(sum);
        for (const { rule, severity, first, index } of issues) {
          expect(severity).toBe(qualityRules[rule]);
          expect(first).toBe(bars.time[index]);
        }
      }),
    );
  });
});

describe.skipIf(!hasMarketData)('assessQuality() of real data (skipped where ../shared/data is absent)', () => {
  it('finds exactly the four splits of AAPL, and the one day that was real', async () => {
    const { issues, counts } = assessQuality(await readMarketData('AAPL_1d_raw.csv'), daily);
    const splits = issues.filter(({ rule }) => rule === 'probable_split');
    expect(
      splits.map(({ first, detail }) => [new Date(first).toISOString().slice(0, 10), / of (\S+) /.exec(detail)?.[1]]),
    ).toEqual([
      ['2000-06-21', '2:1'],
      ['2005-02-28', '2:1'],
      ['2014-06-09', '7:1'],
      ['2020-08-31', '4:1'],
    ]);
    expect(
      issues
        .filter(({ rule }) => rule === 'extreme_move')
        .map(({ first }) => new Date(first).toISOString().slice(0, 10)),
    ).toEqual(['2000-09-29']);
    expect(counts.outside_sessions, 'the file has exactly the sessions of the calendar').toBeUndefined();
  });

  it('finds no split and no error in SPY', async () => {
    for (const [file, timeframe, spikes] of [
      ['SPY_1d_raw.csv', '1d', 1],
      ['SPY_1h_raw.csv', '1h', 0],
      // Single trades far from the rest, before the opening and after the close.
      ['SPY_1m_trades_2013-10.csv', '1m', 7],
    ] as const) {
      const report = assessQuality(await readMarketData(file), { timeframe, calendar: 'us_equities' });
      expect(report.counts, file).not.toHaveProperty('probable_split');
      expect(report.totals.error, file).toBe(0);
      expect(report.counts.spike ?? 0, file).toBe(spikes);
    }
  });
});
