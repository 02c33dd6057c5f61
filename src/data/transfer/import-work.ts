import { basename } from 'node:path';
import { KtrdrError } from '../../base/index.ts';
import { barCount, calendarIds, emptyBars, type Bars, type CalendarId, type TimeRange } from '../../market/index.ts';
import type { OperationContext } from '../../operations/index.ts';
import { compareBars, newOnly, type Comparison } from '../bar-store/compare-bars.ts';
import type { BarStore, Provenance, SeriesInfo, SeriesKey } from '../bar-store/index.ts';
import { applyRepairs, assessInThread } from '../quality/index.ts';
import { checkImport } from './check-import.ts';
import { FileFault } from './file-fault.ts';
import type { ImportBarsContext, ImportBarsInput, ImportBarsResult } from './import-bars.ts';
import { cellReach, firstSharedCell, stampedByCalendar, type SharedCell } from './market-cells.ts';
import { readBarsFile, type FileFormat } from './read-bars-file.ts';

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
  if (info !== undefined && info.calendar !== calendar) throw otherCalendar(info, calendar);
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
  const checked = named(path, () => checkImport(repaired, { ...series, now: clock.now() }, rowOf));
  const { unfinished } = checked;
  const bars = stampedByCalendar(checked.bars, series);
  const quality = await assessInThread({ bars, ...series }, context);
  token.throwIfCancelled(`the import of ${key.symbol} ${timeframe}`);
  const held = await heldAround(bars, store, key);
  refuseSharedCell(firstSharedCell(bars.time, held.time, series), key);
  const comparison = compareBars(held, bars);
  if (conflicts === 'refuse' && !check) refuseDifferent(comparison, key);
  if (!check && barCount(bars) > 0) {
    progress.report({ phase: 'storing', fraction: storingFrom });
    const brought = conflicts === 'keep' ? newOnly(comparison).changed : comparison.changed;
    const origin = { ...originOf(input, file.format), requestId: id, fetchedAt: clock.now() };
    const provenance = unbrokenRanges(brought.time, held.time).map((range) => ({ ...origin, ...range }));
    // The store decides once more, because loads may have come between.
    await store.append(key, { calendar, bars, confirmedEmpty: [], provenance, whereHeld: conflicts });
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

function otherCalendar({ key: { symbol, timeframe }, calendar }: SeriesInfo, asked: CalendarId): KtrdrError {
  return new KtrdrError(
    'conflict',
    `${symbol} ${timeframe} is stored with the calendar ${calendar}; bars of the calendar ${asked} cannot be added. Leave out "--calendar", or remove the series first.`,
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

/** Where bars of a file come from, and what changed their values on the way. */
function originOf(
  { path, zone, repairs = [] }: ImportBarsInput,
  format: FileFormat,
): Pick<Provenance, 'source' | 'settings'> {
  const settings = { file: basename(path), format, repairs: repairs.join(',') };
  return { source: 'import', settings: zone === undefined ? settings : { ...settings, zone } };
}

/** What is stored in the cells that the bars lie in. */
async function heldAround({ time }: Bars, store: BarStore, key: SeriesKey): Promise<Bars> {
  const [first, last] = [time[0], time.at(-1)];
  if (first === undefined || last === undefined) return emptyBars;
  return store.read(key, cellReach(key, { start: first, end: last + 1 }));
}

/** The ranges in which only some bars lie, and none of the held ones that they do not replace. Both oldest first. */
function unbrokenRanges(time: Float64Array, held: Float64Array): TimeRange[] {
  const ranges: { start: number; end: number }[] = [];
  let at = 0;
  for (const stamp of time) {
    const passed = at;
    while ((held[at] ?? Infinity) < stamp) at += 1;
    const last = ranges.at(-1);
    if (last === undefined || at > passed) ranges.push({ start: stamp, end: stamp + 1 });
    else last.end = stamp + 1;
    if (held[at] === stamp) at += 1;
  }
  return ranges;
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
