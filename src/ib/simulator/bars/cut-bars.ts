import { cutCandle, joinCandles, type Candle } from './candle.ts';
import type { Stretch, WalkedDay } from './price-walk.ts';

/** A candle and what the gateway stamps its bar with. */
export interface StampedCandle {
  readonly stamp: number;
  readonly candle: Candle;
}

/** Which part of a path is wanted, and how far it has happened. */
export interface Cut {
  /** Of the path's randomness. */
  readonly key: number;
  readonly regularHoursOnly: boolean;
  /** Instants. */
  readonly start: number;
  readonly end: number;
  readonly now: number;
}

/** One candle for each day that has begun and overlaps the range. */
export function dayCandles(days: readonly WalkedDay[], cut: Cut): StampedCandle[] {
  return days.flatMap((day) => {
    const stretches = stretchesOf(day, cut);
    const [first] = stretches;
    const last = stretches.at(-1);
    if (first === undefined || last === undefined) return [];
    if (last.candle.end <= cut.start || first.candle.start >= cut.end) return [];
    let candle: Candle | undefined;
    for (const stretch of stretches) {
      const known = upTo(cut.now, stretch.candle, { stretch, key: cut.key, offset: day.offset, level: 0 });
      if (known !== undefined) candle = joinCandles(candle, known);
    }
    return candle === undefined ? [] : [{ stamp: day.session.date, candle }];
  });
}

/**
 * The cells of one size that overlap the range, oldest first, in pieces of a few thousand. Where two sessions, or early
 * and regular hours, meet in one cell, they are one bar.
 */
export function* cellCandles(
  days: readonly WalkedDay[],
  { size, cut }: { size: number; cut: Cut },
): Generator<StampedCandle[], void, undefined> {
  const finest = ladder.findIndex((step) => size % step === 0);
  let stamped: StampedCandle[] = [];
  let cell = Number.NaN;
  for (const day of days) {
    const { offset } = day;
    const cellOf = (instant: number): number => floorTo(instant + offset, size) - offset;
    const from = cellOf(cut.start);
    const to = Math.min(cut.now, cellOf(cut.end - 1) + size);
    for (const stretch of stretchesOf(day, cut)) {
      const cutting = { stretch, key: cut.key, offset };
      const visit = (piece: Candle): void => {
        const candle = piece.end <= cut.now ? piece : upTo(cut.now, piece, { ...cutting, level: finest + 1 });
        if (candle === undefined) return;
        const previous = stamped.at(-1);
        const started = cellOf(candle.start);
        if (previous !== undefined && started === cell) {
          stamped[stamped.length - 1] = { stamp: previous.stamp, candle: joinCandles(previous.candle, candle) };
        } else {
          cell = started;
          stamped.push({ stamp: candle.start, candle });
        }
      };
      for (const block of blocksOf(stretch, { offset, from, to })) {
        descend(stretch.candle, 0, { ...cutting, ...block, finest, visit });
        if (stamped.length <= pieceBars) continue;
        // The last one may grow yet, by the session that follows in its cell.
        const last = stamped.splice(-1);
        yield stamped;
        stamped = last;
      }
    }
  }
  if (stamped.length > 0) yield stamped;
}

/** Made at once, without giving way to others: about five milliseconds. */
const pieceBars = 2500;

/** Each step divides the one before it, and an hour and less divide any zone's offset that the calendars have. */
const ladder = [14_400_000, 7_200_000, 3_600_000, 1_800_000, 900_000, 300_000, 60_000, 30_000, 10_000, 5000, 1000];
const longestStep = 14_400_000;

interface Cutting {
  readonly stretch: Stretch;
  readonly key: number;
  readonly offset: number;
}

interface Descent extends Cutting {
  readonly finest: number;
  readonly from: number;
  readonly to: number;
  readonly visit: (piece: Candle) => void;
}

/** The part of a stretch that lies in a range, cut along the coarsest lines of the grid. */
function* blocksOf(
  { candle }: Stretch,
  { offset, from, to }: { offset: number; from: number; to: number },
): Generator<{ from: number; to: number }, void, undefined> {
  const end = Math.min(to, candle.end);
  let start = Math.max(from, candle.start);
  while (start < end) {
    const next = Math.min(end, floorTo(start + offset, longestStep) - offset + longestStep);
    yield { from: start, to: next };
    start = next;
  }
}

/** Visits the cells of the finest level that overlap `[from, to)`, oldest first. */
function descend(candle: Candle, level: number, descent: Descent): void {
  const { finest, from, to, visit } = descent;
  if (candle.end <= from || candle.start >= to) return;
  const below = level === finest ? visit : (piece: Candle): void => descend(piece, level + 1, descent);
  cutByGrid(candle, descent, { step: ladder[level] ?? candle.end, from, to }, below);
}

/** Cuts at every line of the grid inside a candle, halving the lines each time, and passes on what overlaps the range. */
function cutByGrid(
  candle: Candle,
  { stretch: { activity }, key, offset }: Cutting,
  { step, from, to }: { step: number; from: number; to: number },
  visit: (piece: Candle) => void,
): void {
  const firstLine = floorTo(candle.start + offset, step) - offset + step;
  const lines = Math.max(0, Math.ceil((candle.end - firstLine) / step));
  const halve = (piece: Candle, low: number, high: number): void => {
    if (piece.end <= from || piece.start >= to) return;
    if (low >= high) return visit(piece);
    const middle = (low + high) >> 1;
    const [before, after] = cutCandle(piece, { at: firstLine + middle * step, activity, key });
    halve(before, low, middle);
    halve(after, middle + 1, high);
  };
  halve(candle, 0, lines);
}

/** What of a candle has happened by an instant, to the second; undefined when nothing has. */
function upTo(now: number, candle: Candle, cutting: Cutting & { level: number }): Candle | undefined {
  if (candle.end <= now) return candle;
  const step = ladder[cutting.level];
  if (candle.start >= now || step === undefined) return undefined;
  let known: Candle | undefined;
  cutByGrid(candle, cutting, { step, from: candle.start, to: now }, (piece) => {
    const part = upTo(now, piece, { ...cutting, level: cutting.level + 1 });
    if (part !== undefined) known = joinCandles(known, part);
  });
  return known;
}

function stretchesOf(day: WalkedDay, { regularHoursOnly }: Cut): readonly Stretch[] {
  return regularHoursOnly ? [day.regular] : day.extended;
}

function floorTo(value: number, step: number): number {
  return Math.floor(value / step) * step;
}
