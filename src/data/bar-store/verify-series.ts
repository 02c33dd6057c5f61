import { KtrdrError } from '../../base/index.ts';
import { barCount, checkBars, type Bars } from '../../market/index.ts';
import { digestYears } from './content-digest.ts';
import { readFolder } from './durable-file.ts';
import { isOfGeneration, logName, manifestName, revisionsName } from './file-names.ts';
import type { FileSummary } from './manifest.ts';
import { readRevisions } from './revisions.ts';
import { isOutdated, readHead, readLedger, type SeriesHead } from './series-head.ts';
import { lastStamp } from './series-info.ts';
import type { SeriesPlace } from './series-place.ts';
import { openFile } from './series-view.ts';
import { parseSpan, seriesName } from './series.ts';

export interface SeriesIssue {
  /** `damage`: something that was stored is not as it was. `leftover`: what a crash left behind; it does not count. */
  readonly severity: 'damage' | 'leftover';
  readonly file: string;
  readonly problem: string;
}

export interface SeriesCheck {
  readonly files: number;
  readonly bars: number;
  readonly issues: readonly SeriesIssue[];
}

/** Checks every file of a series against what it says of itself and what the manifest says of it. Changes nothing. */
export async function verifySeries(place: SeriesPlace): Promise<SeriesCheck> {
  for (;;) {
    const issues: SeriesIssue[] = [];
    const head = await collecting(issues, manifestName, () => readHead(place));
    if (head === undefined) return { files: 0, bars: 0, issues };
    const { manifest, log } = head;
    const bars = [];
    for (const [id, summary] of Object.entries(manifest.files)) {
      bars.push(await collecting(issues, summary.name, () => checkFile(place, id, summary)));
    }
    await collecting(issues, logName(log.generation), async () => checkLog(place, head));
    await collecting(issues, manifest.ledger?.name ?? manifestName, () => readLedger(place, head));
    await collecting(issues, revisionsName, () => readRevisions(place, { length: manifest.revisionBytes }));
    issues.push(...(await leftovers(place, head)));
    // A save that replaced the manifest meanwhile took the old files away.
    if (issues.length > 0 && (await isOutdated(place, head))) continue;
    const count = bars.reduce((sum: number, found) => sum + (found ?? 0), barCount(log.bars));
    return { files: bars.length, bars: count, issues };
  }
}

/** What `check` throws becomes an issue of the file that it names, or of the one given. */
async function collecting<T>(issues: SeriesIssue[], file: string, check: () => Promise<T>): Promise<T | undefined> {
  try {
    return await check();
  } catch (error) {
    const cause = error instanceof KtrdrError && error.cause instanceof Error ? error.cause : error;
    const path = error instanceof KtrdrError ? error.details?.path : undefined;
    const named = typeof path === 'string' ? (path.split(/[/\\]/).at(-1) ?? file) : file;
    issues.push({ severity: 'damage', file: named, problem: cause instanceof Error ? cause.message : String(cause) });
    return undefined;
  }
}

/** @returns how many bars the file holds. */
async function checkFile(place: SeriesPlace, id: string, summary: FileSummary): Promise<number> {
  const opened = await openFile(place, summary);
  if (opened === undefined) throw new Error('it is missing');
  try {
    await opened.file.check();
    const bars = await opened.file.bars();
    checkBars(bars, `${summary.name} of ${seriesName(place.key)}`);
    checkFacts(bars, summary);
    const span = parseSpan(place.key.timeframe, id);
    if (span === undefined || (bars.time[0] ?? 0) < span.range.start || (bars.time.at(-1) ?? 0) >= span.range.end)
      throw new Error(`it holds bars that do not belong to "${id}"`);
    return barCount(bars);
  } finally {
    await opened.handle.close();
  }
}

function checkFacts(bars: Bars, { count, first, last, years }: FileSummary): void {
  const isSame = barCount(bars) === count && bars.time[0] === first && bars.time.at(-1) === last;
  if (!isSame) throw new Error('the manifest states another count, first or last bar');
  if (years !== undefined && !isSameRecord(years, digestYears(bars)))
    throw new Error('the manifest states other digests of its bars');
}

function isSameRecord(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value);
}

function checkLog({ key }: SeriesPlace, head: SeriesHead): void {
  checkBars(head.log.bars, `The log of ${seriesName(key)}`);
  const saved = lastStamp({ ...head, log: { ...head.log, bars: { ...head.log.bars, time: new Float64Array() } } });
  if ((head.log.bars.time[0] ?? Infinity) <= (saved ?? -Infinity))
    throw new Error('it holds bars that are not newer than those of the files');
}

async function leftovers({ folder, key }: SeriesPlace, { manifest, log, hasLog }: SeriesHead): Promise<SeriesIssue[]> {
  const name = logName(log.generation);
  const named = new Set([...Object.values(manifest.files).map((file) => file.name), manifest.ledger?.name]);
  if (hasLog) named.add(name);
  const strays = (await readFolder(folder)).filter((file) => isOfGeneration(key.timeframe, file) && !named.has(file));
  const torn = `${log.tornBytes} bytes at its end are a record whose writing was cut short`;
  return [
    ...strays.map((file) => ({
      severity: 'leftover' as const,
      file,
      problem: 'no manifest names it: a save was cut short, or is under way',
    })),
    ...(log.tornBytes > 0 ? [{ severity: 'leftover' as const, file: name, problem: torn }] : []),
  ];
}
