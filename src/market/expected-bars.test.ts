import { existsSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indexAtOrAfter } from './bars.ts';
import type { Session, TradingCalendar } from './calendar.ts';
import { calendarOf } from './calendars.ts';
import { calendarIds } from './calendar-ids.ts';
import { cellsBefore, endOfRun, partOfRun, runsWithin, stampAt } from './bar-runs.ts';
import { expectedBars, expectedRuns, type BarCells } from './expected-bars.ts';
import type { TimeRange } from './time-range.ts';
import { isIntraday, timeframeMs, timeframes, type Timeframe } from './timeframe.ts';
import { toZoned, zoneOffset } from './zone.ts';

const data = new URL('../../../shared/data/', import.meta.url);
const hasData = existsSync(data);
const equities = calendarOf('us_equities');
const currencies = calendarOf('currencies');

function range(start: string, end: string): { start: number; end: number } {
  return { start: Date.parse(start), end: Date.parse(end) };
}

/** The New York wall-clock times of some instants, `Mon 09:30`. */
function clock(instants: Float64Array): string[] {
  const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  return Array.from(instants, (instant) => {
    const { dayOfWeek, hour, minute } = toZoned(instant, 'America/New_York');
    return `${days[dayOfWeek]} ${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
  });
}

describe('expectedBars() of US equities', () => {
  it('starts hour bars at 09:30 and then on full hours, in cells of full hours', () => {
    const { start, cellStart, cellEnd } = expectedBars(equities, '1h', range('2026-07-06', '2026-07-07'));
    expect(clock(start)).toEqual([
      'Mon 09:30',
      'Mon 10:00',
      'Mon 11:00',
      'Mon 12:00',
      'Mon 13:00',
      'Mon 14:00',
      'Mon 15:00',
    ]);
    expect(clock(cellStart)[0]).toBe('Mon 09:00');
    expect(clock(cellEnd)[0]).toBe('Mon 10:00');
  });

  it('ends early on the day after Thanksgiving', () => {
    const day = range('2026-11-27', '2026-11-28');
    expect(clock(expectedBars(equities, '1h', day).start)).toEqual([
      'Fri 09:30',
      'Fri 10:00',
      'Fri 11:00',
      'Fri 12:00',
    ]);
    expect(expectedBars(equities, '1m', day).start.length).toBe(210);
    expect(clock(expectedBars(equities, '4h', day).start)).toEqual(['Fri 09:30', 'Fri 12:00']);
  });

  it.each<[Timeframe, number]>([
    ['1m', 390],
    ['5m', 78],
    ['15m', 26],
    ['30m', 13],
    ['1h', 7],
    ['2h', 4],
    ['4h', 2],
    ['1d', 1],
  ])('has of %s %i bars in a day', (timeframe, count) => {
    expect(expectedBars(equities, timeframe, range('2026-07-06', '2026-07-07')).start.length).toBe(count);
  });

  it('keeps the wall clock on both sides of a clock change', () => {
    for (const [friday, tuesday] of [
      ['2026-03-06', '2026-03-10'],
      ['2026-10-30', '2026-11-03'],
    ] as const) {
      const starts = clock(expectedBars(equities, '2h', range(friday, tuesday)).start);
      expect(starts).toEqual([
        'Fri 09:30',
        'Fri 10:00',
        'Fri 12:00',
        'Fri 14:00',
        'Mon 09:30',
        'Mon 10:00',
        'Mon 12:00',
        'Mon 14:00',
      ]);
    }
  });

  it('has one cell of 1d for each session, on its date', () => {
    const { start, cellEnd } = expectedBars(equities, '1d', range('2026-12-23', '2026-12-29'));
    expect(Array.from(start, (date) => new Date(date).toISOString())).toEqual([
      '2026-12-23T00:00:00.000Z',
      '2026-12-24T00:00:00.000Z',
      '2026-12-28T00:00:00.000Z',
    ]);
    expect((cellEnd[0] ?? 0) - (start[0] ?? 0)).toBe(86_400_000);
  });
});

/** The dates of a column of a calendar's bars, `2026-07-06`. */
function dates(column: Float64Array): string[] {
  return Array.from(column, (date) => new Date(date).toISOString().slice(0, 10));
}

describe('expectedBars() of weeks and months', () => {
  it('stamps a week with its first session and gives it the ISO week as its cell', () => {
    const weeks = expectedBars(equities, '1w', range('2025-12-15', '2026-01-26'));
    expect(dates(weeks.start)).toEqual([
      '2025-12-15',
      '2025-12-22',
      '2025-12-29',
      '2026-01-05',
      '2026-01-12',
      '2026-01-20', // Monday was Martin Luther King Day.
    ]);
    expect(dates(weeks.cellStart).at(-1)).toBe('2026-01-19');
    expect(dates(weeks.cellEnd).at(-1)).toBe('2026-01-26');
  });

  it('stamps a month with its first session and gives it the calendar month as its cell', () => {
    const months = expectedBars(equities, '1M', range('2026-01-01', '2026-04-01'));
    expect(dates(months.start)).toEqual(['2026-01-02', '2026-02-02', '2026-03-02']);
    expect(dates(months.cellStart)).toEqual(['2026-01-01', '2026-02-01', '2026-03-01']);
    expect(dates(months.cellEnd)).toEqual(['2026-02-01', '2026-03-01', '2026-04-01']);
  });

  it('takes a bar for the range by its stamp, as for every timeframe', () => {
    expect(dates(expectedBars(equities, '1w', range('2026-07-07', '2026-07-13')).start)).toEqual([]);
    expect(dates(expectedBars(equities, '1w', range('2026-07-06', '2026-07-07')).start)).toEqual(['2026-07-06']);
    expect(dates(expectedBars(currencies, '1M', range('2026-08-01', '2026-09-01')).start)).toEqual(['2026-08-03']);
  });

  it.each(calendarIds)('holds each session of %s in exactly one cell of each timeframe', (id) => {
    const span = range('1990-01-01', '2031-01-01');
    const days = expectedBars(calendarOf(id), '1d', span);
    for (const timeframe of ['1w', '1M'] as const) {
      const { start, cellStart, cellEnd } = expectedBars(calendarOf(id), timeframe, span);
      const cellOf = (date: number): number => cellStart[indexAtOrAfter(cellEnd, date + 1)] ?? Infinity;
      expect(days.start.filter((date) => cellOf(date) > date)).toEqual(new Float64Array());
      const firstDays = days.start.filter((date, index) => index === 0 || (days.start[index - 1] ?? 0) < cellOf(date));
      expect(start).toEqual(firstDays);
    }
  });
});

describe('expectedBars() of currencies', () => {
  it('starts the week and each day at 17:15, and shares a cell in which two sessions meet', () => {
    const { start } = expectedBars(currencies, '4h', range('2026-07-05', '2026-07-07T12:00Z'));
    expect(clock(start).slice(0, 9)).toEqual([
      'Sun 17:15',
      'Sun 20:00',
      'Mon 00:00',
      'Mon 04:00',
      'Mon 08:00',
      'Mon 12:00',
      'Mon 16:00',
      'Mon 20:00',
      'Tue 00:00',
    ]);
  });

  it('ends the week on Friday', () => {
    const { start } = expectedBars(currencies, '1h', range('2026-07-10T18:00Z', '2026-07-12T23:00Z'));
    expect(clock(start)).toEqual(['Fri 14:00', 'Fri 15:00', 'Fri 16:00', 'Sun 17:15', 'Sun 18:00']);
  });

  it('dates the session that opens on Sunday to Monday', () => {
    expect([...expectedBars(currencies, '1d', range('2026-07-04', '2026-07-07')).start]).toEqual([
      Date.UTC(2026, 6, 6),
    ]);
  });
});

describe('expectedBars()', () => {
  const anyInstant = fc
    .integer({ min: Date.UTC(2019, 0, 1) / 60_000, max: Date.UTC(2022, 0, 1) / 60_000 })
    .map((minutes) => minutes * 60_000);
  const anyCase = fc.record({
    id: fc.constantFrom(...calendarIds),
    timeframe: fc.constantFrom(...timeframes),
    from: anyInstant,
    spans: fc.tuple(fc.nat(20_000), fc.nat(20_000)),
  });

  it('of a range is that of its two parts, wherever it is cut', () => {
    fc.assert(
      fc.property(anyCase, ({ id, timeframe, from, spans: [first, second] }) => {
        const calendar = calendarOf(id);
        const cut = from + first * 60_000;
        const end = cut + second * 60_000;
        const whole = expectedBars(calendar, timeframe, { start: from, end });
        const parts = [
          expectedBars(calendar, timeframe, { start: from, end: cut }),
          expectedBars(calendar, timeframe, { start: cut, end }),
        ];
        for (const column of ['start', 'cellStart', 'cellEnd'] as const)
          expect(parts.flatMap((part) => [...part[column]])).toEqual([...whole[column]]);
      }),
    );
  });

  it('has disjoint rising cells of full length, each with its start inside, all stamps in the range', () => {
    fc.assert(
      fc.property(anyCase, ({ id, timeframe, from, spans: [length] }) => {
        const end = from + length * 60_000;
        const { start, cellStart, cellEnd } = expectedBars(calendarOf(id), timeframe, { start: from, end });
        const isSound = (at: number, index: number): boolean => {
          const [cellFrom = 0, cellTo = 0] = [cellStart[index], cellEnd[index]];
          const isFull = timeframe === '1M' || cellTo - cellFrom === timeframeMs(timeframe);
          const isDisjoint = cellFrom >= (cellEnd[index - 1] ?? -Infinity);
          return isDisjoint && isFull && cellFrom <= at && at < cellTo && at >= from && at < end;
        };
        expect([...start].filter((at, index) => !isSound(at, index))).toEqual([]);
      }),
    );
  });

  it('has the cells that going through each session cell by cell finds', () => {
    const intraday = timeframes.filter((name) => isIntraday(name));
    fc.assert(
      fc.property(
        anyCase,
        fc.constantFrom(...intraday),
        fc.boolean(),
        ({ id, from, spans: [length] }, timeframe, hasPauses) => {
          const rules = calendarOf(id);
          // Hours that a source reports may have a pause, and sessions that meet in one cell.
          const calendar = hasPauses
            ? { ...rules, sessions: (of: TimeRange) => rules.sessions(of).flatMap(halves) }
            : rules;
          const span = { start: from, end: from + length * 60_000 };
          const { start, cellStart, cellEnd } = expectedBars(calendar, timeframe, span);
          const found = Array.from(start, (at, index) => [at, cellStart[index], cellEnd[index]]);
          expect(found).toEqual(cellByCell(calendar, timeframeMs(timeframe), span));
        },
      ),
    );
  });

  it('has runs that can be cut anywhere and that count what lies before an instant', () => {
    fc.assert(
      fc.property(
        anyCase,
        fc.tuple(fc.double({ min: -0.1, max: 1.1, noNaN: true }), fc.nat(400)),
        (each, [share, place]) => {
          const { id, timeframe, from, spans } = each;
          const span = { start: from, end: from + spans[0] * 60_000 };
          const runs = expectedRuns(calendarOf(id), timeframe, span);
          const { start, cellStart, cellEnd } = expectedBars(calendarOf(id), timeframe, span);
          const cut = span.start + share * (span.end - span.start);
          const before = runs.reduce((sum, run) => sum + cellsBefore(run, cut), 0);
          expect(before).toBe(start.filter((at) => at < cut).length);
          const within = runsWithin(runs, { start: span.start, end: cut });
          const isWithin = (_: number, index: number): boolean =>
            (cellStart[index] ?? 0) >= span.start && (cellEnd[index] ?? 0) <= cut;
          expect(within.reduce((sum, { count }) => sum + count, 0)).toBe(start.filter(isWithin).length);
          for (const run of runs) {
            const middle = Math.min(place, run.count);
            const [left, right] = [partOfRun(run, 0, middle), partOfRun(run, middle, run.count)];
            expect([endOfRun(left), right.cellStart, endOfRun(right)]).toEqual([
              right.cellStart,
              endOfRun(left),
              endOfRun(run),
            ]);
            if (right.count > 0) expect(right.start).toBe(stampAt(run, middle));
          }
        },
      ),
    );
  });

  it('answers for ten years of minutes in 100 ms and for twenty years of hours in 50 ms', () => {
    const decade = range('2012-01-01', '2022-01-01');
    const minutes = fastestOf3(() => expectedBars(equities, '1m', decade));
    const hours = fastestOf3(() => expectedBars(equities, '1h', range('2002-01-01', '2022-01-01')));
    expect(expectedBars(equities, '1m', decade).start.length).toBeGreaterThan(975_000);
    expect(minutes).toBeLessThan(100);
    expect(hours).toBeLessThan(50);
  });
});

/** A session with a pause of 25 minutes in it. */
function halves({ date, open, close }: Session): Session[] {
  const pause = open + Math.floor((close - open) / 120_000) * 60_000;
  return [
    { date, open, close: pause },
    { date, open: pause + 25 * 60_000, close },
  ];
}

function cellByCell(calendar: TradingCalendar, step: number, span: TimeRange): number[][] {
  const cells: number[][] = [];
  let ownedUntil = -Infinity;
  for (const { open, close } of calendar.sessions({ start: span.start - step, end: span.end })) {
    const offset = zoneOffset(open, calendar.zone);
    const first = Math.floor((open + offset) / step) * step - offset;
    for (let cellStart = first; cellStart < close; cellStart += step) {
      if (cellStart < ownedUntil) continue;
      const start = Math.max(cellStart, open);
      ownedUntil = cellStart + step;
      if (start >= span.start && start < span.end) cells.push([start, cellStart, ownedUntil]);
    }
  }
  return cells;
}

describe.skipIf(!hasData)('expectedBars() against bars that were really traded (needs the shared data folder)', () => {
  it('expects each of 40,832 hour bars of SPY, whose feed stamps the first hour 09:00', () => {
    const times = readTimes('SPY_1h_raw.csv');
    const cells = expectedBars(equities, '1h', range('1998-01-01', '2021-04-01'));
    const beyond = times.filter((time) => !isCovered(cells, time));
    const afterEarlyClose = clock(beyond).filter((text) => /(13|14|15):00$/.test(text));
    expect(afterEarlyClose.length, 'the feed goes on after early closes; nothing else lies outside').toBe(
      beyond.length,
    );
    expect(beyond.length).toBe(47);
    const missing = cells.start.length - new Set(Array.from(times, (time) => cellIndex(cells, time))).size;
    expect(missing, 'hours without a bar in the feed').toBeLessThan(60);
  });

  it('expects a week and a month of SPY for each in which there was a day, stamped with its first', () => {
    const days = readTimes('SPY_1d_raw.csv');
    const span = range('1998-01-02', '2021-04-01');
    const weekOf = (date: number): number => Math.floor((date / 86_400_000 + 3) / 7);
    const monthOf = (date: number): string => new Date(date).toISOString().slice(0, 7);
    const firstOf = (cellOf: (date: number) => unknown): Float64Array =>
      days.filter((date, index) => index === 0 || cellOf(date) !== cellOf(days[index - 1] ?? 0));
    // The year 1998 begins on a Thursday, so its first week has begun with Monday, 29 December.
    expect(expectedBars(equities, '1w', span).start).toEqual(firstOf(weekOf).subarray(1));
    expect(expectedBars(equities, '1M', span).start).toEqual(firstOf(monthOf));
  });

  it('expects a daily bar of SPY for every one there is, and no other', () => {
    expect(expectedBars(equities, '1d', range('1998-01-02', '2021-04-01')).start).toEqual(readTimes('SPY_1d_raw.csv'));
  });
});

function readTimes(name: string): Float64Array {
  const [, ...lines] = readFileSync(new URL(name, data), 'utf8').trim().split('\n');
  return Float64Array.from(lines, (line) => Date.parse(line.slice(0, line.indexOf(','))));
}

function cellIndex({ cellEnd }: BarCells, time: number): number {
  return indexAtOrAfter(cellEnd, time + 1);
}

function isCovered(cells: BarCells, time: number): boolean {
  return (cells.cellStart[cellIndex(cells, time)] ?? Infinity) <= time;
}

function fastestOf3(run: () => unknown): number {
  return Math.min(
    ...[0, 1, 2].map(() => {
      const begun = performance.now();
      run();
      return performance.now() - begun;
    }),
  );
}
