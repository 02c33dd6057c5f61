import { basename } from 'node:path';
import { KtrdrError } from '../../base/index.ts';
import { barCount, calendarIds, mergeBars, type Bars, type CalendarId } from '../../market/index.ts';
import type { OperationContext } from '../../operations/index.ts';
import { compareBars, type Comparison } from '../bar-store/compare-bars.ts';
import type { BarStore, AnsweredRange, SeriesKey } from '../bar-store/index.ts';
import { applyRepairs, assessInThread } from '../quality/index.ts';
import { checkImport } from './check-import.ts';
import { FileFault } from './file-fault.ts';
import type { ImportBarsContext, ImportBarsInput, ImportBarsResult } from './import-bars.ts';
import { readBarsFile } from './read-bars-file.ts';

interface Destination {
  readonly store: BarStore;
  /** Under its true name. */
  readonly key: SeriesKey;
  /** Of a series that is not there yet, when the input does not say. */
  readonly usualCalendar: CalendarId | undefined;
}

/** Reads and checks the whole file before the first bar is stored; the bars are stored by one append. */
export async function importFile(
  input: ImportBarsInput,
  context: OperationContext<ImportBarsContext>,
  { store, key, usualCalendar }: Destination,
): Promise<ImportBarsResult> {
  const { id, progress, token, clock } = context;
  const { path, zone, repairs = [], conflicts = 'refuse', check = false } = input;
  const { timeframe } = key;
  const info = await store.info(key);
  const calendar = input.calendar ?? info?.calendar ?? usualCalendar;
  if (calendar === undefined) throw unknownCalendar(key);
  const series = { timeframe, calendar };
  progress.report({ phase: 'reading' });
  const file = await readBarsFile(path, {
    timeframe,
    zone,
    token,
    onProgress: (read, total) => progress.report({ phase: 'reading', fraction: (read / total) * readingShare }),
  });
  progress.report({ phase: 'checking', fraction: readingShare });
  const { bars: repaired, done } = applyRepairs(file.bars, repairs, series);
  const rowOf = (index: number): number | undefined => (done.length === 0 ? file.firstRow + index : undefined);
  const { bars, unfinished } = named(path, () => checkImport(repaired, { ...series, now: clock.now() }, rowOf));
  const quality = await assessInThread({ bars, ...series }, context);
  token.throwIfCancelled(`the import of ${key.symbol} ${timeframe}`);
  const held = await heldAround(bars, store, key);
  const comparison = compareBars(held, bars);
  if (conflicts === 'refuse' && !check) refuseDifferent(comparison, key);
  if (!check && barCount(bars) > 0) {
    progress.report({ phase: 'storing', fraction: storingFrom });
    // Where both have a bar, the later argument wins.
    const wanted = conflicts === 'keep' ? mergeBars(bars, held) : bars;
    const provenance: AnsweredRange = {
      start: bars.time[0] ?? 0,
      end: (bars.time.at(-1) ?? 0) + 1,
      source: 'import',
      requestId: id,
      fetchedAt: clock.now(),
      settings: { file: basename(path), format: file.format, repairs: repairs.join(',') },
    };
    await store.append(key, { calendar, bars: wanted, confirmedEmpty: [], provenance: [provenance] });
  }
  const [first, last] = [bars.time[0], bars.time.at(-1)];
  return {
    symbol: key.symbol,
    timeframe,
    calendar,
    check,
    file: { format: file.format, bytes: file.bytes, ignoredColumns: [...file.ignored] },
    bars: { count: barCount(bars), ...(first === undefined || last === undefined ? {} : { first, last }) },
    unfinished,
    repairs: done,
    stored: { added: comparison.added, same: comparison.unchanged, different: barCount(comparison.older) },
    quality: { ...quality, issues: quality.issues.slice(0, listedIssues) },
  };
}

function unknownCalendar({ symbol }: SeriesKey): KtrdrError {
  return new KtrdrError(
    'invalid_input',
    `Nothing tells where ${symbol} trades; name its calendar with "--calendar", one of ${calendarIds.join(', ')}.`,
  );
}

/** Parts of the whole, roughly as the time goes. */
const readingShare = 0.7;
const storingFrom = 0.9;

const listedIssues = 20;

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

async function heldAround({ time }: Bars, store: BarStore, key: SeriesKey): Promise<Bars> {
  const [first = 0, last = -1] = [time[0], time.at(-1)];
  return store.read(key, { start: first, end: last + 1 });
}

function refuseDifferent({ older }: Comparison, { symbol, timeframe }: SeriesKey): void {
  const [first] = older.time;
  if (first === undefined) return;
  const different = barCount(older);
  const at = new Date(first).toISOString();
  throw new KtrdrError(
    'conflict',
    `${different} bars of the file differ from what is stored of ${symbol} ${timeframe}, the first at ${at}; nothing was imported. Choose with "--conflicts keep" the stored ones or with "--conflicts replace" those of the file.`,
    { details: { different, first } },
  );
}
