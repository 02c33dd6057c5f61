import { basename } from 'node:path';
import { inWorker } from '../../async/index.ts';
import { KtrdrError } from '../../base/index.ts';
import { barCount, calendarIds, type CalendarId } from '../../market/index.ts';
import type { OperationContext } from '../../operations/index.ts';
import type { BarStore, Provenance, SeriesInfo, SeriesKey } from '../bar-store/index.ts';
import { compareWithStored, type ImportComparison } from './compare-with-stored.ts';
import type { ImportBarsContext, ImportBarsInput, ImportBarsResult } from './import-bars.ts';
import type { ImportJob, PreparedImport } from './prepare-import.ts';
import type { FileFormat } from './read-bars-file.ts';

interface Destination {
  readonly store: BarStore;
  /** Under its true name. */
  readonly key: SeriesKey;
  /** Of a series that is not there yet, when the input does not say. */
  readonly usualCalendar: CalendarId | undefined;
}

const threadEntry = new URL('./import-worker.js', import.meta.url);
/** What reads a file has nothing to put in order when it is cancelled. */
const prepareInThread = inWorker<ImportJob, unknown, PreparedImport>(threadEntry, () => ({}), { graceMs: 100 });

/**
 * Reads and checks the whole file before the first bar is stored; the bars are stored by one append. The file is read in
 * a thread of its own: ten million bars take ten seconds and more.
 */
export async function importFile(
  input: ImportBarsInput,
  context: OperationContext<ImportBarsContext>,
  { store, key, usualCalendar }: Destination,
): Promise<ImportBarsResult> {
  const { id, progress, token, clock } = context;
  const { path, zone, dates, repairs = [], conflicts = 'refuse', check = false } = input;
  const { timeframe } = key;
  const info = await store.info(key);
  const calendar = input.calendar ?? info?.calendar ?? usualCalendar;
  if (calendar === undefined) throw unknownCalendar(key);
  if (info !== undefined && info.calendar !== calendar) throw otherCalendar(info, calendar);
  progress.report({ phase: 'reading' });
  const now = clock.now();
  const { hours = [] } = info ?? {};
  const prepared = await prepareInThread({ path, timeframe, calendar, hours, zone, dates, repairs, now }, context);
  const { bars, file, quality } = prepared;
  progress.report({ phase: 'comparing', fraction: comparingFrom });
  const comparison = await compareWithStored(bars, { store, key, calendar, hours, conflicts, token });
  if (conflicts === 'refuse' && !check) refuseDifferent(comparison, key);
  const { added, same, different } = comparison;
  const isNews = added > 0 || (conflicts === 'replace' && different > 0);
  if (!check && isNews) {
    token.throwIfCancelled(`the import of ${key.symbol} ${timeframe}`);
    progress.report({ phase: 'storing', fraction: storingFrom });
    const origin = { ...originOf(input, file.format), requestId: id, fetchedAt: clock.now() };
    const mixed = { ...origin.settings, mixed: true };
    const provenance = comparison.brought.map(({ isMixed, ...range }) => ({
      ...origin,
      ...range,
      ...(isMixed ? { settings: mixed } : {}),
    }));
    // The store decides once more, because loads may have come between.
    await store.append(key, { calendar, bars, confirmedEmpty: [], provenance, whereHeld: conflicts }, token);
  }
  progress.report({ phase: '', fraction: 1 });
  const [first, last] = [bars.time[0], bars.time.at(-1)];
  return {
    symbol: key.symbol,
    timeframe,
    calendar,
    check,
    file: { format: file.format, bytes: file.bytes, ignoredColumns: [...file.ignored] },
    bars: { count: barCount(bars), ...(first === undefined || last === undefined ? {} : { first, last }) },
    unfinished: prepared.unfinished,
    repairs: [...prepared.repairs],
    stored: { added, same, different },
    quality: { ...quality, issues: quality.issues.slice(0, listedIssues) },
  };
}

function unknownCalendar({ symbol }: SeriesKey): KtrdrError {
  return new KtrdrError(
    'invalid_input',
    `Nothing tells where ${symbol} trades; name its calendar with "--calendar", one of ${calendarIds.join(', ')}.`,
  );
}

function otherCalendar({ key: { symbol, timeframe }, calendar }: SeriesInfo, asked: CalendarId): KtrdrError {
  return new KtrdrError(
    'conflict',
    `${symbol} ${timeframe} is stored with the calendar ${calendar}; bars of the calendar ${asked} cannot be added. Leave out "--calendar", or remove the series first.`,
  );
}

/** Parts of the whole, roughly as the time goes. */
const comparingFrom = 0.85;
const storingFrom = 0.9;

const listedIssues = 20;

/** Where bars of a file come from, and what changed their values on the way. */
function originOf(
  { path, zone, dates, repairs = [] }: ImportBarsInput,
  format: FileFormat,
): Pick<Provenance, 'source' | 'settings'> {
  const settings = { file: basename(path), format, repairs: repairs.join(',') };
  const read = { ...(zone === undefined ? {} : { zone }), ...(dates === undefined ? {} : { dates }) };
  return { source: 'import', settings: { ...settings, ...read } };
}

function refuseDifferent(
  { different, firstDifferent: first }: ImportComparison,
  { symbol, timeframe }: SeriesKey,
): void {
  if (first === undefined) return;
  const at = new Date(first).toISOString();
  throw new KtrdrError(
    'conflict',
    `${different} bars of the file differ from what is stored of ${symbol} ${timeframe}, the first at ${at}; nothing was imported. Choose with "--conflicts keep" the stored ones or with "--conflicts replace" those of the file.`,
    { details: { different, first } },
  );
}
