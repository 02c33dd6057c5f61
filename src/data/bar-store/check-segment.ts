import { KtrdrError, type Steps } from '../../base/index.ts';
import {
  barsPerStep,
  checkBarsInSteps,
  isIntraday,
  timeframeMs,
  type Bars,
  type TimeRange,
} from '../../market/index.ts';
import type { BarSegment } from './bar-segment.ts';
import { answeredRangeSchema, type AnsweredRange } from './provenance.ts';
import { seriesName, type SeriesKey } from './series.ts';

/**
 * Checks what is to be stored: whatever passes can be read back.
 * @throws KtrdrError `data_corrupt` for bars that break a rule, `invalid_input` for stamps or ranges that do not fit the
 * timeframe, or answers with numbers that are none.
 */
export function* checkSegment(key: SeriesKey, { bars, confirmedEmpty, provenance = [] }: BarSegment): Steps<void> {
  yield* checkBarsInSteps(bars, `Bars for ${seriesName(key)}`);
  yield* checkStamps(key, bars);
  checkRanges(key, confirmedEmpty);
  checkAnswers(key, provenance);
}

/** Files are named by years of four digits. */
const stampRange = { start: Date.UTC(1000, 0, 1), end: Date.UTC(10_000, 0, 1) };

function* checkStamps(key: SeriesKey, { time }: Bars): Steps<void> {
  let strange: number | undefined;
  for (let from = 0; from < time.length && strange === undefined; from += barsPerStep) {
    strange = time.subarray(from, from + barsPerStep).find((stamp) => isStrange(key, stamp));
    yield;
  }
  if (strange === undefined) return;
  const rule = isIntraday(key.timeframe)
    ? 'within the years 1000 to 9999'
    : 'session dates, written as midnight UTC, within the years 1000 to 9999';
  throw new KtrdrError('invalid_input', `The stamps of ${seriesName(key)} must be ${rule}; ${strange} is not.`, {
    details: { stamp: strange },
  });
}

function isStrange(key: SeriesKey, stamp: number): boolean {
  return stamp < stampRange.start || stamp >= stampRange.end || !isDateIfNeeded(key, stamp);
}

function checkRanges(key: SeriesKey, ranges: readonly TimeRange[]): void {
  const strange = ranges.find(
    ({ start, end }) =>
      !(
        Number.isSafeInteger(start) &&
        Number.isSafeInteger(end) &&
        start <= end &&
        isDateIfNeeded(key, start) &&
        isDateIfNeeded(key, end)
      ),
  );
  if (strange === undefined) return;
  const rule = isIntraday(key.timeframe) ? 'whole milliseconds' : 'between session dates, written as midnight UTC,';
  throw new KtrdrError(
    'invalid_input',
    `The empty ranges of ${seriesName(key)} must be ${rule} and run forwards; ${strange.start} to ${strange.end} does not.`,
    { details: { range: strange } },
  );
}

function checkAnswers(key: SeriesKey, answers: readonly AnsweredRange[]): void {
  const strange = answers.find((answer) => !answeredRangeSchema.safeParse(answer).success);
  if (strange === undefined) return;
  throw new KtrdrError(
    'invalid_input',
    `The answer "${strange.requestId}" for ${seriesName(key)} has an invalid number in its range, its time or its settings.`,
  );
}

function isDateIfNeeded({ timeframe }: SeriesKey, stamp: number): boolean {
  return isIntraday(timeframe) || stamp % timeframeMs('1d') === 0;
}
