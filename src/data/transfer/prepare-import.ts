import { KtrdrError } from '../../base/index.ts';
import {
  barColumns,
  barCount,
  type BarColumn,
  type Bars,
  type CalendarId,
  type ReportedDay,
  type Timeframe,
} from '../../market/index.ts';
import type { WorkContext } from '../../async/index.ts';
import { assessQuality, type QualityReport } from '../quality/quality.ts';
import { applyRepairs, type RepairDone } from '../quality/repairs.ts';
import { checkImport } from './check-import.ts';
import { FileFault } from './file-fault.ts';
import { stampedByCalendar } from './market-cells.ts';
import { readBarsFile, type FileFormat } from './read-bars-file.ts';
import type { DateOrder, RepairName } from '../choices.ts';

/** All that an import knows before it has looked at the store. */
export interface ImportJob {
  readonly path: string;
  readonly timeframe: Timeframe;
  readonly calendar: CalendarId;
  readonly hours: readonly ReportedDay[];
  readonly zone: string | undefined;
  readonly dates: DateOrder | undefined;
  readonly repairs: readonly RepairName[];
  readonly now: number;
}

export interface PreparedImport {
  /** In memory that threads share: hundreds of megabytes are not copied where every request is answered. */
  readonly bars: Bars;
  readonly unfinished: number;
  readonly repairs: readonly RepairDone[];
  readonly quality: QualityReport;
  readonly file: { readonly format: FileFormat; readonly bytes: number; readonly ignored: readonly string[] };
}

/** Reads, repairs and checks a file of bars. @throws KtrdrError naming the first thing that is wrong with it. */
export async function prepareImport(
  { path, zone, dates, repairs: wanted, now, ...series }: ImportJob,
  { progress, token }: Pick<WorkContext<unknown>, 'progress' | 'token'>,
): Promise<PreparedImport> {
  const { timeframe } = series;
  const file = await readBarsFile(path, {
    timeframe,
    zone,
    dates,
    mayLackPrices: wanted.includes('drop-broken'),
    token,
    onProgress: (read, total) => {
      // What follows at once is the checking, which is long, and should be told at once.
      if (read < total) progress.report({ phase: 'reading', fraction: (read / total) * readingShare });
    },
  });
  progress.report({ phase: 'checking', fraction: readingShare });
  const { bars: repaired, done } = applyRepairs(file.bars, wanted, series);
  const rowOf = (index: number): number | undefined => (done.length === 0 ? file.firstRow + index : undefined);
  token.throwIfCancelled('the checking of the file');
  const checked = named(path, () => checkImport(repaired, { ...series, now }, rowOf));
  const bars = stampedByCalendar(checked.bars, series);
  token.throwIfCancelled('the checking of the file');
  const quality = assessQuality(bars, series);
  const { format, bytes, ignored } = file;
  return {
    bars: shared(bars),
    unfinished: checked.unfinished,
    repairs: done,
    quality,
    file: { format, bytes, ignored },
  };
}

/** Of the whole import, roughly as the time goes. */
const readingShare = 0.7;

/** Faults of single rows are told with the name of the file. */
function named<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (!(cause instanceof FileFault)) throw cause;
    throw new KtrdrError('invalid_input', `Cannot import "${path}": ${cause.message}.`, {
      cause,
      details: cause.details,
    });
  }
}

function shared(bars: Bars): Bars {
  const columns = barColumns.map((name): [BarColumn, Float64Array] => {
    const column = new Float64Array(new SharedArrayBuffer(barCount(bars) * Float64Array.BYTES_PER_ELEMENT));
    column.set(bars[name]);
    return [name, column];
  });
  return Object.fromEntries(columns) as Record<BarColumn, Float64Array>;
}
