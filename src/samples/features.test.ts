import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CancellationToken } from '../async/index.ts';
import { findIndicator } from '../indicators/index.ts';
import { barCount, calendarOf, mergeBars, sessionCell, sliceBars, type Bars } from '../market/index.ts';
import { barSeen, featureColumns, symbolFeatures, type FeatureRows, type SymbolBars } from './features.ts';
import { parseStrategy, resolvePlan, type TrainingPlan } from '../strategies/index.ts';
import { sampleStrategy } from '../strategies/sample-strategy.fixture.ts';
import { walk } from './random-walk.fixture.ts';

const planOf = (...timeframes: string[]): TrainingPlan =>
  resolvePlan(
    parseStrategy(
      sampleStrategy([
        '{ mode: single, timeframe: 1h }',
        `{ mode: multi_timeframe, timeframes: [${timeframes.join(', ')}], base_timeframe: 1h }`,
      ]),
    ),
  );

const single = resolvePlan(parseStrategy(sampleStrategy()));
const hours = walk({ seed: 1, count: 600 });
const days = walk({ seed: 5, count: 90, timeframe: '1d' });
const halfHours = walk({ seed: 6, count: 1_200, timeframe: '30m' });

function heldWith(series: Partial<Record<'1h' | '1d' | '30m', Bars>>): SymbolBars {
  const all = { '1h': hours, '1d': days, '30m': halfHours, ...series };
  return {
    symbol: 'AAA',
    calendar: 'us_equities',
    series: (['1h', '1d', '30m'] as const).map((timeframe) => ({ timeframe, bars: all[timeframe] })),
  };
}

const featuresOf = (plan: TrainingPlan, held: SymbolBars): FeatureRows =>
  symbolFeatures(plan, held, CancellationToken.none);

describe('symbolFeatures()', () => {
  it('makes a row for each bar after the longest warm-up, with memberships and raw values in the order of the plan', () => {
    const { bars, closedAt, values } = featuresOf(single, heldWith({}));
    const macd = findIndicator('macd').configure();
    expect(bars[0]).toBe(macd.warmUp);
    expect(bars.length).toBe(600 - macd.warmUp);
    expect(values.length).toBe(bars.length * 4);
    expect(values.every((value) => Number.isFinite(value))).toBe(true);
    const histogram = macd.compute(hours)['histogram'];
    expect(values[3]).toBe(Math.fround(histogram?.[macd.warmUp] ?? Number.NaN));
    expect(closedAt[0]).toBeGreaterThan(hours.time[macd.warmUp] ?? Infinity);
  });

  it('takes of a slower timeframe the last day that had closed, not the day in progress', () => {
    const plan = planOf('1h', '1d');
    const whole = featuresOf(plan, heldWith({}));
    const column = plan.features.findIndex(({ id }) => id === '1d_momentum_middle');
    const width = plan.features.length;
    // Every hour bar before the last one of a day sees the day before; the last one closes with the day and sees it.
    const day = Array.from(whole.bars, (bar) => new Date(hours.time[bar] ?? 0).toISOString().slice(0, 10));
    const value = (row: number): number => whole.values[row * width + column] ?? Number.NaN;
    let changes = 0;
    for (let row = 1; row < whole.bars.length; row += 1) {
      if (value(row) === value(row - 1)) continue;
      changes += 1;
      expect(day[row + 1], 'a new day value appears with the last bar of a day').not.toBe(day[row]);
    }
    expect(changes).toBeGreaterThan(20);
  });

  it('gives a lagged feature of a slower timeframe what the base bar so many bars before saw of it', () => {
    const plan = planOf('1h', '1d', '30m');
    const lagged = {
      ...plan,
      features: plan.features.flatMap((feature) => [feature, { ...feature, lag: 1 }, { ...feature, lag: 9 }]),
    };
    const plain = featuresOf(plan, heldWith({}));
    const { bars, values } = featuresOf(lagged, heldWith({}));
    const width = plan.features.length;
    // Of the bars at which all is known, the first nine have a bar of the warm-up so many before them.
    expect([...bars]).toEqual([...plain.bars.subarray(9)]);
    for (let row = 0; row < bars.length; row += 1) {
      for (let column = 0; column < width; column += 1) {
        const at = (lag: number): number => plain.values[(row + 9 - lag) * width + column] ?? Number.NaN;
        const place = (row * width + column) * 3;
        expect([...values.subarray(place, place + 3)]).toEqual([at(0), at(1), at(9)]);
      }
    }
  });

  it('knows nothing of the future: later bars of any timeframe change no row that was complete before them', () => {
    const plan = planOf('1h', '1d', '30m');
    const whole = featuresOf(plan, heldWith({}));
    const width = plan.features.length;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.bars.length - 1 }), fc.nat(), (row, seed) => {
        const now = whole.closedAt[row] ?? 0;
        const changed = featuresOf(
          plan,
          heldWith({
            '1h': withOtherFuture(hours, now, seed),
            '30m': withOtherFuture(halfHours, now, seed),
            // A day is future until its session has closed, although its stamp is the midnight before.
            '1d': withOtherFuture(days, unfinishedDay(now), seed),
          }),
        );
        const until = changed.closedAt.findLastIndex((closed) => closed <= now) + 1;
        expect(until).toBe(row + 1);
        expect(changed.values.subarray(0, until * width)).toEqual(whole.values.subarray(0, until * width));
      }),
      { numRuns: 40 },
    );
  });

  it('takes of weeks the last one that had closed, which the last bar of a week is the first to see', () => {
    const plan = planOf('1h', '1w');
    const weeks = walk({ seed: 7, count: 80, timeframe: '1w', year: 2019 });
    const { series, ...held } = heldWith({});
    const whole = featuresOf(plan, { ...held, series: [...series, { timeframe: '1w', bars: weeks }] });
    const column = plan.features.findIndex(({ id }) => id === '1w_momentum_middle');
    const monday = (row: number): number => sessionCell('1w', hours.time[whole.bars[row] ?? 0] ?? 0).start;
    const value = (row: number): number => whole.values[row * plan.features.length + column] ?? Number.NaN;
    const changed = Array.from(whole.bars.keys()).filter((row) => row > 0 && value(row) !== value(row - 1));
    expect(changed.length).toBeGreaterThan(8);
    expect(changed.filter((row) => row + 1 < whole.bars.length && monday(row + 1) === monday(row))).toEqual([]);
  });

  it('gives the rows of a prefix the values they have in the whole', () => {
    const whole = featuresOf(single, heldWith({}));
    const prefix = featuresOf(single, heldWith({ '1h': sliceBars(hours, 0, 300) }));
    expect(prefix.values).toEqual(whole.values.subarray(0, prefix.values.length));
  });

  it('makes of a long series with unknown prices the rows that each bar has by itself', () => {
    const long = walk({ seed: 8, count: 3_000 });
    for (const bar of [400, 1_100, 1_150, 2_047, 2_048, 2_998]) long.close[bar] = Number.NaN;
    const plan = planOf('1h', '1d');
    const lagged = { ...plan, features: plan.features.flatMap((feature) => [feature, { ...feature, lag: 3 }]) };
    const held = heldWith({ '1h': long, '1d': walk({ seed: 5, count: 500, timeframe: '1d' }) });
    const { columns, barClosedAt } = featureColumns(lagged, held, CancellationToken.none);
    const all = Array.from(barClosedAt.keys(), (bar) => ({
      bar,
      row: columns.map((column) => Math.fround(column.values[barSeen(column, bar)] ?? Number.NaN)),
    }));
    const complete = all.filter(({ row }) => row.every(Number.isFinite));
    const { bars, closedAt, values } = featuresOf(lagged, held);
    expect(complete.length).toBeGreaterThan(2_000);
    expect([...bars]).toEqual(complete.map(({ bar }) => bar));
    expect([...closedAt]).toEqual(complete.map(({ bar }) => barClosedAt[bar]));
    expect([...values]).toEqual(complete.flatMap(({ row }) => row));
  });

  it('makes no rows of a series that is all warm-up', () => {
    expect(featuresOf(single, heldWith({ '1h': sliceBars(hours, 0, 20) })).bars.length).toBe(0);
  });
});

function unfinishedDay(now: number): number {
  const [session] = calendarOf('us_equities').sessions({ start: now, end: now + 10 * 86_400_000 });
  return session?.date ?? Infinity;
}

/** The same bars, those from an instant on replaced by others. */
function withOtherFuture(bars: Bars, from: number, seed: number): Bars {
  const first = bars.time.findIndex((time) => time >= from);
  if (first < 0) return bars;
  const kept = sliceBars(bars, 0, first);
  const other = {
    ...walk({ seed: 1_000 + (seed % 1_000), count: barCount(bars) - first }),
    time: bars.time.subarray(first),
  };
  return mergeBars(kept, other);
}
