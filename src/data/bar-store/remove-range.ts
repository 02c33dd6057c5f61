import { barCount, barsInRange, calendarOf, emptyBars, wholeCells, type TimeRange } from '../../market/index.ts';
import { addToLedger, cutLedger, emptyLedger, type Ledger } from './ledger.ts';
import { forgetSeries, saveSeries } from './save-series.ts';
import type { SeriesHead } from './series-head.ts';
import { infoOf, unfinishedBar } from './series-info.ts';
import type { SeriesPlace } from './series-place.ts';
import { isWithin, reaches, withFile } from './series-view.ts';

/**
 * Cuts out the bars of a range and what is known of it.
 * @returns how many bars were removed, and the head that the series has then; none when nothing is left of it.
 */
export async function removeRange(
  place: SeriesPlace,
  range: TimeRange,
  { head, ledger, now }: { head: SeriesHead; ledger: Ledger; now: number },
): Promise<{ removed: number; head: SeriesHead | undefined }> {
  const removed = await countBars(place, head, range);
  const known = addToLedger(ledger, head.log);
  const calendar = calendarOf(head.manifest.calendar, known.hours);
  const cells = wholeCells(calendar, place.key.timeframe, range);
  const held = unfinishedBar(head);
  const isHeldThere = held !== undefined && range.start <= held.time && held.time < range.end;
  const isKnown = [...known.confirmedEmpty, ...known.provenance].some(
    ({ start, end }) => start < cells.end && cells.start < end,
  );
  if (removed === 0 && !isKnown && !isHeldThere && !head.isLogLost) return { removed, head };
  const left = cutLedger(known, cells);
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

/** Of a file that lies in the range as a whole, the manifest knows; so one that is damaged or missing can be cut out. */
async function countBars(place: SeriesPlace, { manifest, log }: SeriesHead, range: TimeRange): Promise<number> {
  let count = barCount(barsInRange(log.bars, range));
  for (const summary of Object.values(manifest.files)) {
    if (isWithin(summary, range)) count += summary.count;
    else if (reaches(summary, range))
      count += await withFile(place, summary, async (file) => (await file.stamps(range)).length);
  }
  return count;
}
