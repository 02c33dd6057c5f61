import { barsFromRows, emptyBars, type BarRow, type Bars, type TimeRange } from '../../market/index.ts';
import { offers, quoteShift, type BarQuery, type BarSource } from './bar-source.ts';
import { cutCandle, joinCandles, type Candle } from './candle.ts';
import type { Instrument } from './instruments.ts';
import { PriceWalk, type Stretch, type WalkedDay } from './price-walk.ts';

/**
 * Bars of a seeded price path. A day is cut into four-hour cells of the local wall clock, these into two-hour cells,
 * and so on down to seconds; only cells that the query touches are cut. So the cost is that of the bars asked for, a
 * bar is the same in every answer, and a bar of one size is exactly the sum of the smaller bars within it.
 */
export class GeneratedBars implements BarSource {
  readonly #seed: number;
  readonly #walks = new Map<number, PriceWalk>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  first(instrument: Instrument, whatToShow: string): number | undefined {
    if (!offers(instrument, whatToShow)) return undefined;
    const listed = Date.parse(instrument.walk.listed);
    return this.#walkOf(instrument).daysUntil(listed + weekMs)[0]?.session.open;
  }

  bars(query: BarQuery): Bars {
    const { instrument, barSize, whatToShow } = query;
    if (!offers(instrument, whatToShow) || barSize.kind === 'longer') return emptyBars;
    const walk = this.#walkOf(instrument);
    const days = daysWithin(walk.daysUntil(query.window.end), query.window);
    const candles =
      barSize.kind === 'day' ? dayCandles(days, { query, key: walk.key }) : cells(days, { query, key: walk.key });
    const shift = quoteShift[whatToShow] ?? 0;
    return barsFromRows(candles.map(({ stamp, candle }) => priced({ stamp, candle, shift, instrument })));
  }

  #walkOf(instrument: Instrument): PriceWalk {
    let walk = this.#walks.get(instrument.conId);
    if (walk === undefined) {
      walk = new PriceWalk(instrument, this.#seed);
      this.#walks.set(instrument.conId, walk);
    }
    return walk;
  }
}

const weekMs = 7 * 86_400_000;

interface Stamped {
  readonly stamp: number;
  readonly candle: Candle;
}

interface Drawing {
  readonly query: BarQuery;
  readonly key: number;
}

function dayCandles(days: readonly WalkedDay[], { query, key }: Drawing): Stamped[] {
  return days.flatMap((day) => {
    const stretches = stretchesOf(day, query);
    const [first] = stretches;
    const last = stretches.at(-1);
    if (first === undefined || last === undefined) return [];
    if (last.candle.end <= query.window.start || first.candle.start >= query.window.end) return [];
    let candle: Candle | undefined;
    for (const stretch of stretches) {
      const known = upTo(query.now, stretch.candle, { stretch, key, offset: day.offset }, 0);
      if (known !== undefined) candle = joinCandles(candle, known);
    }
    return candle === undefined ? [] : [{ stamp: day.session.date, candle }];
  });
}

/** Cells of one size. Where two sessions, or early and regular hours, meet in one cell, they are one bar. */
function cells(days: readonly WalkedDay[], { query, key }: Drawing): Stamped[] {
  const size = query.barSize.ms;
  const finest = ladder.findIndex((step) => size % step === 0);
  const stamped: Stamped[] = [];
  let cell = Number.NaN;
  for (const day of days) {
    const cellOf = (instant: number): number => floorTo(instant + day.offset, size) - day.offset;
    const from = cellOf(query.window.start);
    const to = Math.min(query.now, cellOf(query.window.end - 1) + size);
    for (const stretch of stretchesOf(day, query)) {
      const cutting = { stretch, key, offset: day.offset };
      descend(stretch.candle, cutting, { level: 0, finest, from, to }, (piece) => {
        const candle = upTo(query.now, piece, cutting, finest + 1);
        if (candle === undefined) return;
        const previous = stamped.at(-1);
        if (previous !== undefined && cellOf(candle.start) === cell) {
          stamped[stamped.length - 1] = { stamp: previous.stamp, candle: joinCandles(previous.candle, candle) };
        } else {
          cell = cellOf(candle.start);
          stamped.push({ stamp: candle.start, candle });
        }
      });
    }
  }
  return stamped;
}

/** Each step divides the one before it, and an hour and less divide any zone's offset that the calendars have. */
const ladder = [14_400_000, 7_200_000, 3_600_000, 1_800_000, 900_000, 300_000, 60_000, 30_000, 10_000, 5000, 1000];

interface Cutting {
  readonly stretch: Stretch;
  readonly key: number;
  readonly offset: number;
}

interface Descent {
  readonly level: number;
  readonly finest: number;
  readonly from: number;
  readonly to: number;
}

/** Visits the cells of the finest level that overlap `[from, to)`, oldest first. */
function descend(candle: Candle, cutting: Cutting, descent: Descent, visit: (piece: Candle) => void): void {
  const { level, finest, from, to } = descent;
  if (candle.end <= from || candle.start >= to) return;
  const below =
    level === finest ? visit : (piece: Candle) => descend(piece, cutting, { ...descent, level: level + 1 }, visit);
  cutByGrid(candle, cutting, { step: ladder[level] ?? candle.end, from, to }, below);
}

/** Cuts at every line of the grid inside a candle, halving the lines each time, and passes on what overlaps the range. */
function cutByGrid(
  candle: Candle,
  { stretch, key, offset }: Cutting,
  { step, from, to }: { step: number; from: number; to: number },
  visit: (piece: Candle) => void,
): void {
  const firstLine = floorTo(candle.start + offset, step) - offset + step;
  const lines = Math.max(0, Math.ceil((candle.end - firstLine) / step));
  const halve = (piece: Candle, low: number, high: number): void => {
    if (piece.end <= from || piece.start >= to) return;
    if (low >= high) return visit(piece);
    const middle = (low + high) >> 1;
    const [before, after] = cutCandle(piece, { at: firstLine + middle * step, activity: stretch.activity, key });
    halve(before, low, middle);
    halve(after, middle + 1, high);
  };
  halve(candle, 0, lines);
}

/** What of a candle has happened by an instant, to the second; undefined when nothing has. */
function upTo(now: number, candle: Candle, cutting: Cutting, level: number): Candle | undefined {
  if (candle.end <= now) return candle;
  const step = ladder[level];
  if (candle.start >= now || step === undefined) return undefined;
  let known: Candle | undefined;
  cutByGrid(candle, cutting, { step, from: candle.start, to: now }, (piece) => {
    const part = upTo(now, piece, cutting, level + 1);
    if (part !== undefined) known = joinCandles(known, part);
  });
  return known;
}

function stretchesOf(day: WalkedDay, { regularHoursOnly }: BarQuery): readonly Stretch[] {
  return regularHoursOnly ? [day.regular] : day.extended;
}

/** The days that may have bars in a window, found by halving; a cell may reach beyond its session, hence the margin. */
function daysWithin(days: readonly WalkedDay[], { start, end }: TimeRange): readonly WalkedDay[] {
  const marginMs = 2 * 86_400_000;
  return days.slice(firstAfter(days, start - marginMs), firstAfter(days, end + marginMs));
}

function firstAfter(days: readonly WalkedDay[], instant: number): number {
  let low = 0;
  let high = days.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const day = days[middle];
    if (day !== undefined && day.session.open < instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rounding keeps order, so the highest of rounded prices is the rounded highest price and sums of bars stay exact. */
function priced({ stamp, candle, shift, instrument }: Stamped & { shift: number; instrument: Instrument }): BarRow {
  const { ticksPerUnit, walk } = instrument;
  const price = (log: number): number => Math.max(1, Math.round(Math.exp(log) * ticksPerUnit) + shift) / ticksPerUnit;
  return {
    time: stamp,
    open: price(candle.open),
    high: price(candle.high),
    low: price(candle.low),
    close: price(candle.close),
    volume: walk.dailyVolume > 0 ? candle.volume : Number.NaN,
  };
}

function floorTo(value: number, step: number): number {
  return Math.floor(value / step) * step;
}
