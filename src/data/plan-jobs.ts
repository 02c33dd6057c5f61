import type { TimeRange } from '../market/index.ts';
import type { Gap, LoadMode } from './load-bars.ts';
import type { Stretch } from './stretches.ts';

/** One request to the source. It may span bars that are held, where that is cheaper than two requests. */
export interface DataLoadingJob {
  /** From the first missing bar to the last; cut at the edges of bars. */
  readonly range: TimeRange;
  /** The missing bars it asks for, oldest first; never none. */
  readonly gaps: readonly Gap[];
  /** How many bars are missing in the range. */
  readonly missing: number;
  /** How many the calendar expects there: those that are not missing come once more. */
  readonly expected: number;
}

export interface Planning {
  readonly mode: LoadMode;
  /** The longest span of one request. */
  readonly maxSpanMs: number;
  /** How long requests take together, given the expected bars of each. */
  readonly estimateMs: (requests: readonly number[]) => number;
}

/**
 * The requests that bring what is missing: one for each gap, or cut where a gap is longer than a request may be; and
 * neighbours as one where that saves time. Newest first when going back, oldest first otherwise: what a cancelled load
 * has stored then borders on what was there, with no hole between.
 */
export function planJobs(stretches: readonly Stretch[], planning: Planning): DataLoadingJob[] {
  const { mode, maxSpanMs, estimateMs } = planning;
  const inOrder = (jobs: DataLoadingJob[]): DataLoadingJob[] => (mode === 'backfill' ? jobs.reverse() : jobs);
  const timeOf = (jobs: readonly DataLoadingJob[]): number => estimateMs(jobs.map(({ expected }) => expected));
  const pieces = missingPieces(stretches, maxSpanMs);
  const apart = inOrder(pieces.map((piece) => jobOf([piece], piece)));
  const joined = inOrder(joinNeighbours(pieces, planning));
  // A few short requests side by side may be faster than a long one.
  return timeOf(joined) <= timeOf(apart) ? joined : apart;
}

/** Missing bars that are one gap or a part of one, with the places of the first and behind the last among all expected. */
interface Piece {
  readonly start: number;
  end: number;
  readonly from: number;
  to: number;
}

/** Each gap, cut where it is longer than `maxSpanMs`. */
function missingPieces(stretches: readonly Stretch[], maxSpanMs: number): Piece[] {
  const pieces: Piece[] = [];
  let place = 0;
  let open: Piece | undefined;
  for (const { state, cellStart, step, count } of stretches) {
    const end = place + count;
    if (state !== 'missing') open = undefined;
    else {
      for (let start = cellStart; place < end;) {
        if (open === undefined || start + step > open.start + maxSpanMs) {
          // Up to the next expected bar where the span allows it: feeds have bars that nobody expects, and none may be lost.
          if (open !== undefined) open.end = Math.max(open.end, Math.min(start, open.start + maxSpanMs));
          open = { start, end: start, from: place, to: place };
          pieces.push(open);
        }
        // A single bar longer than the span is still one request.
        const fitting = Math.max(1, Math.floor((open.start + maxSpanMs - start) / step));
        const taken = Math.min(fitting, end - place);
        place += taken;
        start += taken * step;
        open.to = place;
        open.end = start;
      }
    }
    place = end;
  }
  return pieces;
}

/** Takes neighbours together while one request for both takes no longer than one for each. */
function joinNeighbours(pieces: readonly Piece[], { maxSpanMs, estimateMs }: Planning): DataLoadingJob[] {
  const jobs: DataLoadingJob[] = [];
  let joined: Piece | undefined;
  let parts: Piece[] = [];
  for (const piece of pieces) {
    const isOne: boolean =
      joined !== undefined &&
      piece.end - joined.start <= maxSpanMs &&
      estimateMs([piece.to - joined.from]) <=
        estimateMs([joined.to - joined.from]) + estimateMs([piece.to - piece.from]);
    if (joined !== undefined && isOne) {
      joined = { ...joined, end: piece.end, to: piece.to };
      parts.push(piece);
      continue;
    }
    if (joined !== undefined) jobs.push(jobOf(parts, joined));
    joined = piece;
    parts = [piece];
  }
  if (joined !== undefined) jobs.push(jobOf(parts, joined));
  return jobs;
}

function jobOf(parts: readonly Piece[], { start, end, from, to }: Piece): DataLoadingJob {
  const gaps = parts.map((part) => ({ start: part.start, end: part.end, bars: part.to - part.from }));
  const missing = gaps.reduce((sum, { bars }) => sum + bars, 0);
  return { range: { start, end }, gaps, missing, expected: to - from };
}
