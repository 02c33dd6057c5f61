import { KtrdrError, type Steps } from '../../base/index.ts';
import {
  barsPerStep,
  checkBarsInSteps,
  dayMs,
  isIntraday,
  type Bars,
  type ReportedDay,
  type TimeRange,
} from '../../market/index.ts';
import type { BarSegment } from './bar-segment.ts';
import { answeredRangeSchema, type AnsweredRange } from './provenance.ts';
import { seriesName, type SeriesKey } from './series.ts';

/**
 * Checks what is to be stored: whatever passes can be read back.
 * @throws KtrdrError `data_corrupt` for bars that break a rule, `invalid_input` for stamps or ranges that do not fit the
 * timeframe, answers with numbers that are none, or hours that are not those of a day.
 */
export function* checkSegment(
  key: SeriesKey,
  { bars, confirmedEmpty, provenance = [], hours = [] }: BarSegment,
): Steps<void> {
  yield* checkBarsInSteps(bars, `Bars for ${seriesName(key)}`);
  yield* checkStamps(key, bars);
  checkRanges(key, confirmedEmpty);
  checkAnswers(key, provenance);
  checkHours(key, hours);
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

function checkHours(key: SeriesKey, days: readonly ReportedDay[]): void {
  const strange = days.find(({ date, sessions }) => !isMidnight(date) || !followEachOther(sessions));
  if (strange === undefined) return;
  throw new KtrdrError(
    'invalid_input',
    `The hours for ${seriesName(key)} must be of dates, written as midnight UTC, with sessions in whole milliseconds that follow each other; those of ${strange.date} are not.`,
    { details: { date: strange.date } },
  );
}

function followEachOther(sessions: ReportedDay['sessions']): boolean {
  return sessions.every(({ open, close }, index) => {
    const areWhole = Number.isSafeInteger(open) && Number.isSafeInteger(close);
    return areWhole && open < close && (sessions[index - 1]?.close ?? -Infinity) <= open;
  });
}

function isMidnight(date: number): boolean {
  return Number.isSafeInteger(date) && date % dayMs === 0;
}

function isDateIfNeeded({ timeframe }: SeriesKey, stamp: number): boolean {
  return isIntraday(timeframe) || stamp % dayMs === 0;
}
