import type { CancellationToken } from '../../async/index.ts';
import { KtrdrError } from '../../base/index.ts';
import {
  barCount,
  barsInRange,
  sliceBars,
  type Bars,
  type CalendarId,
  type ReportedDay,
  type TimeRange,
} from '../../market/index.ts';
import { compareBars, newOnly } from '../bar-store/compare-bars.ts';
import type { BarStore, SeriesKey } from '../bar-store/index.ts';

import { cellReach, firstSharedCell, type SharedCell } from './market-cells.ts';
import type { ImportConflicts } from '../choices.ts';

interface Stored {
  readonly store: Pick<BarStore, 'read'>;
  readonly key: SeriesKey;
  readonly calendar: CalendarId;
  readonly hours?: readonly ReportedDay[];
  /** Decides whose values those are that both have. */
  readonly conflicts: ImportConflicts;
  readonly token: CancellationToken;
  /** So many at a time keep what else the process does waiting for some milliseconds. */
  readonly barsAtOnce?: number;
}

export interface ImportComparison {
  readonly added: number;
  readonly same: number;
  readonly different: number;
  readonly firstDifferent: number | undefined;
  /** Where bars of the file are, or replace others; oldest first, at most `maxBroughtRanges`. */
  readonly brought: readonly BroughtRange[];
}

export interface BroughtRange extends TimeRange {
  /** True where bars that were held, and stay, lie among those of the file. */
  readonly isMixed: boolean;
}

/** A file may alternate with what is held bar by bar. Each range is an entry of the ledger, which is read as a whole. */
export const maxBroughtRanges = 5_000;

/**
 * Bars of a file against what is stored in the cells of the market that they lie in.
 * @throws KtrdrError `conflict` where both have a bar of one cell with different stamps: it would count twice.
 */
export async function compareWithStored(bars: Bars, stored: Stored): Promise<ImportComparison> {
  const { store, key, calendar, hours = [], conflicts, token, barsAtOnce = 20_000 } = stored;
  const { timeframe } = key;
  const sums = { added: 0, same: 0, different: 0 };
  const brought = new BroughtRanges();
  let firstDifferent: number | undefined;
  /** Where held bars begin that no page has looked at. */
  let unseen: number | undefined;
  for (let from = 0; from < barCount(bars); from += barsAtOnce) {
    token.throwIfCancelled(`the import of ${key.symbol} ${timeframe}`);
    const page = sliceBars(bars, from, from + barsAtOnce);
    const [first = 0, final = first] = [page.time[0], page.time.at(-1)];
    const reach = cellReach(key, { start: first, end: final + 1 });
    const held = await store.read(key, { ...reach, start: Math.min(reach.start, unseen ?? reach.start) });
    refuseSharedCell(firstSharedCell(page.time, held.time, { timeframe, calendar, hours }), key);
    const comparison = compareBars(held, page);
    sums.added += comparison.added;
    sums.same += comparison.unchanged;
    sums.different += barCount(comparison.older);
    firstDifferent ??= comparison.older.time[0];
    const { changed } = conflicts === 'keep' ? newOnly(comparison) : comparison;
    const passed = barsInRange(held, { start: unseen ?? reach.start, end: final + 1 });
    brought.add(changed.time, passed.time);
    unseen = final + 1;
  }
  return { ...sums, firstDifferent, brought: brought.all };
}

/**
 * The ranges in which only brought bars lie, and none of the held ones that they do not replace. Where these are too
 * many, neighbours become one, those with the least between them first.
 */
class BroughtRanges {
  readonly #ranges: { start: number; end: number; isMixed: boolean }[] = [];
  /** Ranges that are closer than this become one. */
  #reach = 0;
  /** True when a held bar has passed since the last range. */
  #isBroken = true;

  get all(): readonly BroughtRange[] {
    return this.#ranges;
  }

  /** What a page brings and what was held in its span, both oldest first; pages follow each other. */
  add(time: Float64Array, held: Float64Array): void {
    let at = 0;
    for (const stamp of time) {
      for (; (held[at] ?? Infinity) < stamp; at += 1) this.#isBroken = true;
      const last = this.#ranges.at(-1);
      if (last === undefined || (this.#isBroken && stamp - last.end >= this.#reach)) {
        this.#ranges.push({ start: stamp, end: stamp + 1, isMixed: false });
      } else {
        last.end = stamp + 1;
        last.isMixed ||= this.#isBroken;
      }
      this.#isBroken = false;
      if (held[at] === stamp) at += 1;
    }
    if (at < held.length) this.#isBroken = true;
    while (this.#ranges.length > maxBroughtRanges) this.#join();
  }

  #join(): void {
    const gaps = this.#ranges.slice(1).map(({ start }, index) => start - (this.#ranges[index]?.end ?? start));
    this.#reach = 2 * Math.max(this.#reach, 1, Math.min(...gaps));
    const [first, ...rest] = this.#ranges.splice(0);
    if (first === undefined) return;
    let last = first;
    this.#ranges.push(last);
    for (const range of rest) {
      if (range.start - last.end < this.#reach) {
        last.end = range.end;
        last.isMixed = true;
      } else {
        last = range;
        this.#ranges.push(last);
      }
    }
  }
}

function refuseSharedCell(shared: SharedCell | undefined, { symbol, timeframe }: SeriesKey): void {
  if (shared === undefined) return;
  const [stamp, held] = [shared.stamp, shared.held].map((at) => new Date(at).toISOString());
  throw new KtrdrError(
    'conflict',
    `The file has a bar at ${stamp} where ${symbol} ${timeframe} is stored with one at ${held}: both are the same bar of the market, so its bars begin at other times than the stored ones. Nothing was imported; remove the stored ones of its span first, or bring the file to their times.`,
    { details: { ...shared } },
  );
}
