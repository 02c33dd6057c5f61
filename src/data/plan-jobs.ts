import type { TimeRange } from '../market/index.ts';
import type { Gap } from './load-bars.ts';
import type { Stretch } from './stretches.ts';
import type { LoadMode } from './choices.ts';

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
  const pieces = missingPieces(stretches, maxSpanMs);
  const joined = joinNeighbours(pieces, { maxSpanMs, mostHeld: mostHeldBetween(estimateMs) });
  const timeOf = (requests: readonly Piece[]): number => {
    const expected = requests.map(({ from, to }) => to - from);
    return estimateMs(mode === 'backfill' ? expected.reverse() : expected);
  };
  // A few short requests side by side may be faster than a long one.
  const isFaster = timeOf(joined) <= timeOf(pieces);
  const jobs = isFaster ? joined.map(jobOf) : pieces.map((piece) => jobOf({ ...piece, pieces: [piece] }));
  return mode === 'backfill' ? jobs.reverse() : jobs;
}

/** Missing bars that are one gap or a part of one, with the places of the first and behind the last among all expected. */
interface Piece {
  readonly start: number;
  end: number;
  readonly from: number;
  to: number;
}

/** Pieces that one request brings, with what is held between them. */
interface Request extends Piece {
  readonly pieces: Piece[];
}

/** Each gap, cut where it is longer than `maxSpanMs`. */
function missingPieces(stretches: readonly Stretch[], maxSpanMs: number): Piece[] {
  const pieces: Piece[] = [];
  let place = 0;
  let open: Piece | undefined;
  for (const { state, cellStart, step, count } of stretches) {
    const behind = place + count;
    if (state !== 'missing') {
      open = undefined;
      place = behind;
      continue;
    }
    for (let start = cellStart; place < behind;) {
      if (open === undefined || start + step > open.start + maxSpanMs) {
        // Up to the next expected bar where the span allows it: feeds have bars that nobody expects, and none may be lost.
        if (open !== undefined) open.end = Math.max(open.end, Math.min(start, open.start + maxSpanMs));
        open = { start, end: start, from: place, to: place };
        pieces.push(open);
      }
      // A single bar longer than the span is still one request.
      const fitting = Math.max(1, Math.floor((open.start + maxSpanMs - start) / step));
      const taken = Math.min(fitting, behind - place);
      place += taken;
      start += taken * step;
      open.to = place;
      open.end = start;
    }
  }
  return pieces;
}

/** How many bars more an answer may have for the price of another request. */
function mostHeldBetween(estimateMs: Planning['estimateMs']): number {
  const two = 2 * estimateMs([1]);
  let held = 0;
  for (let more = 2 ** 20; more >= 1; more /= 2) {
    if (estimateMs([2 + held + more]) <= two) held += more;
  }
  return held;
}

/** Takes neighbours together that have no more than `mostHeld` bars between them. */
function joinNeighbours(
  pieces: readonly Piece[],
  { maxSpanMs, mostHeld }: { maxSpanMs: number; mostHeld: number },
): Request[] {
  const requests: Request[] = [];
  let open: Request | undefined;
  for (const piece of pieces) {
    if (open !== undefined && piece.end - open.start <= maxSpanMs && piece.from - open.to <= mostHeld) {
      open.pieces.push(piece);
      open.end = piece.end;
      open.to = piece.to;
    } else {
      const { start, end, from, to } = piece;
      open = { start, end, from, to, pieces: [piece] };
      requests.push(open);
    }
  }
  return requests;
}

function jobOf({ pieces, start, end, from, to }: Request): DataLoadingJob {
  const gaps = pieces.map((piece) => ({ start: piece.start, end: piece.end, bars: piece.to - piece.from }));
  const missing = gaps.reduce((sum, { bars }) => sum + bars, 0);
  return { range: { start, end }, gaps, missing, expected: to - from };
}
