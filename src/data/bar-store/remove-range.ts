import { emptyBars, type TimeRange } from '../../market/index.ts';
import { addToLedger, cutLedger, emptyLedger, type Ledger } from './ledger.ts';
import { forgetSeries, saveSeries } from './save-series.ts';
import type { SeriesHead } from './series-head.ts';
import { infoOf, unfinishedBar } from './series-info.ts';
import type { SeriesPlace } from './series-place.ts';
import { SeriesView } from './series-view.ts';

/**
 * Cuts out the bars of a range and what is known of it.
 * @returns how many bars were removed, and the head that the series has then; none when nothing is left of it.
 */
export async function removeRange(
  place: SeriesPlace,
  range: TimeRange,
  { head, ledger, now }: { head: SeriesHead; ledger: Ledger; now: number },
): Promise<{ removed: number; head: SeriesHead | undefined }> {
  const removed = await countBars(place, range);
  const known = addToLedger(ledger, head.log);
  const held = unfinishedBar(head);
  const isHeldThere = held !== undefined && range.start <= held.time && held.time < range.end;
  const isKnown = [...known.confirmedEmpty, ...known.provenance].some(
    ({ start, end }) => start < range.end && range.start < end,
  );
  if (removed === 0 && !isKnown && !isHeldThere) return { removed, head };
  const left = cutLedger(known, range);
  const isLeft =
    infoOf(head, left).count > removed || left.confirmedEmpty.length > 0 || (held !== undefined && !isHeldThere);
  const saved = await saveSeries(place, head, {
    bars: emptyBars,
    removed: range,
    // Answers that nothing is left of say nothing.
    ledger: isLeft ? left : emptyLedger,
    unfinished: isHeldThere ? undefined : held,
    revision: undefined,
    updatedAt: now,
  });
  if (isLeft) return { removed, head: saved };
  await forgetSeries(place);
  return { removed, head: undefined };
}

async function countBars(place: SeriesPlace, range: TimeRange): Promise<number> {
  await using view = await SeriesView.open(place, range);
  return view === undefined ? 0 : (await view.stamps(range)).length;
}
