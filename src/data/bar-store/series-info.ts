import {
  barCount,
  unionRanges,
  type BarRow,
  type CalendarId,
  type ReportedDay,
  type TimeRange,
} from '../../market/index.ts';
import type { Ledger } from './ledger.ts';
import { lastSaved } from './manifest.ts';
import type { SeriesHead } from './series-head.ts';
import type { SeriesKey } from './series.ts';

/** What a series holds. Stamps and ranges are instants for intraday bars, dates at midnight UTC for slower ones. */
export interface SeriesInfo {
  readonly key: SeriesKey;
  readonly calendar: CalendarId;
  readonly count: number;
  /** Stamps of the oldest and the newest bar. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** Stamp of the bar that is still being formed, which `count` and `last` leave out. */
  readonly unfinished: number | undefined;
  /** Where the source has confirmed that there is nothing; a bar that is present all the same counts as present. */
  readonly confirmedEmpty: readonly TimeRange[];
  /** Days of which the source has reported other hours than the calendar's rules; `calendarOf` takes them along. */
  readonly hours: readonly ReportedDay[];
  /** How often bars that were held came with other values. */
  readonly revision: number;
  /** Epoch milliseconds of the last write; 0 when the series had to be made out from its bar files. */
  readonly updatedAt: number;
}

export function infoOf(head: SeriesHead, ledger: Ledger): SeriesInfo {
  const { manifest, log } = head;
  const { symbol, timeframe, calendar, revision } = manifest;
  const files = Object.values(manifest.files);
  const firsts = [...files.map(({ first }) => first), ...log.bars.time.slice(0, 1)];
  return {
    key: { symbol, timeframe },
    calendar,
    count: files.reduce((sum, { count }) => sum + count, barCount(log.bars)),
    first: firsts.length === 0 ? undefined : Math.min(...firsts),
    last: lastStamp(head),
    unfinished: unfinishedBar(head)?.time,
    confirmedEmpty:
      log.confirmedEmpty.length === 0
        ? ledger.confirmedEmpty
        : unionRanges([...ledger.confirmedEmpty, ...log.confirmedEmpty]),
    hours: ledger.hours,
    revision,
    updatedAt: log.updatedAt ?? manifest.updatedAt,
  };
}

/** The stamp of the newest bar that is finished. */
export function lastStamp({ manifest, log }: SeriesHead): number | undefined {
  return log.bars.time.at(-1) ?? lastSaved(manifest);
}

/** The bar that is still being formed; one that a finished bar has overtaken no longer counts. */
export function unfinishedBar(head: SeriesHead): BarRow | undefined {
  const held = head.manifest.unfinished;
  const saved = held === undefined ? undefined : { ...held, volume: held.volume ?? Number.NaN };
  const bar = head.log.unfinished ?? saved;
  return bar !== undefined && bar.time > (lastStamp(head) ?? -Infinity) ? bar : undefined;
}
