import { KtrdrError } from '../../base/index.ts';
import { checkBars, isIntraday, timeframeMs, type Bars, type TimeRange } from '../../market/index.ts';
import { seriesName, type SeriesKey } from './series.ts';

/**
 * Checks what is to be stored.
 * @throws KtrdrError `data_corrupt` for bars that break a rule, `invalid_input` for stamps or ranges that do not fit the
 * timeframe.
 */
export function checkSegment(key: SeriesKey, bars: Bars, confirmedEmpty: readonly TimeRange[]): void {
  checkBars(bars, `Bars for ${seriesName(key)}`);
  checkStamps(key, bars);
  checkRanges(key, confirmedEmpty);
}

/** Files are named by years of four digits. */
const stampRange = { start: Date.UTC(1000, 0, 1), end: Date.UTC(10_000, 0, 1) };

function checkStamps(key: SeriesKey, { time }: Bars): void {
  const strange = time.find(
    (stamp) => stamp < stampRange.start || stamp >= stampRange.end || !isDateIfNeeded(key, stamp),
  );
  if (strange === undefined) return;
  const rule = isIntraday(key.timeframe)
    ? 'within the years 1000 to 9999'
    : 'session dates, written as midnight UTC, within the years 1000 to 9999';
  throw new KtrdrError('invalid_input', `The stamps of ${seriesName(key)} must be ${rule}; ${strange} is not.`, {
    details: { stamp: strange },
  });
}

function checkRanges(key: SeriesKey, ranges: readonly TimeRange[]): void {
  const strange = ranges.find(
    ({ start, end }) =>
      !(
        Number.isFinite(start) &&
        Number.isFinite(end) &&
        start <= end &&
        isDateIfNeeded(key, start) &&
        isDateIfNeeded(key, end)
      ),
  );
  if (strange === undefined) return;
  const rule = isIntraday(key.timeframe) ? 'finite' : 'between session dates, written as midnight UTC,';
  throw new KtrdrError(
    'invalid_input',
    `The empty ranges of ${seriesName(key)} must be ${rule} and run forwards; ${strange.start} to ${strange.end} does not.`,
    { details: { range: strange } },
  );
}

function isDateIfNeeded({ timeframe }: SeriesKey, stamp: number): boolean {
  return isIntraday(timeframe) || stamp % timeframeMs('1d') === 0;
}
