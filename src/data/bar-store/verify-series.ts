import { basename } from 'node:path';
import { inTurns } from '../../async/index.ts';
import { KtrdrError } from '../../base/index.ts';
import {
  barCount,
  checkBars,
  checkBarsInSteps,
  digestYearsInSteps,
  type Bars,
  type TimeRange,
} from '../../market/index.ts';
import { readFolder } from './durable-file.ts';
import { isOfGeneration, logName, manifestName, revisionsName } from './file-names.ts';
import { lastSaved, type FileSummary } from './manifest.ts';
import { remedyOf, remedyOfDisk, remedyOfLog, remedyOfLeftover, remedyOfManifest, remedyOfNewer } from './remedies.ts';
import { readRevisions } from './revisions.ts';
import { isOutdated, readHead, readLedger, type SeriesHead } from './series-head.ts';
import { damagedFile, faultOf, type SeriesPlace } from './series-place.ts';
import { withFile } from './series-view.ts';
import { parseSpan, seriesName, type SeriesKey } from './series.ts';

export interface SeriesIssue {
  /** `damage`: something that was stored is not as it was. `leftover`: what a crash left behind; it does not count. */
  readonly severity: 'damage' | 'leftover';
  readonly file: string;
  readonly problem: string;
  /** What to do about it. */
  readonly remedy: string;
}

export interface SeriesCheck {
  readonly files: number;
  readonly bars: number;
  readonly issues: readonly SeriesIssue[];
}

/** So that a log that cannot be read hides nothing else. */
const everything: TimeRange = { start: -Infinity, end: Infinity };

/** Checks every file of a series against what it says of itself and what the manifest says of it. Changes nothing. */
export async function verifySeries(place: SeriesPlace): Promise<SeriesCheck> {
  for (;;) {
    const issues: SeriesIssue[] = [];
    const collect = collecting(place.key, issues);
    const head =
      (await collect(manifestName, () => readHead(place))) ??
      (await readHead(place, everything).catch(() => undefined));
    if (head === undefined) return { files: 0, bars: 0, issues };
    const { manifest, log } = head;
    const bars = [];
    for (const [id, summary] of Object.entries(manifest.files)) {
      bars.push(await collect(summary.name, () => checkFile(place, id, summary)));
    }
    await collect(logName(log.generation), async () => checkLog(place, head));
    await collect(manifest.ledger?.name ?? manifestName, () => readLedger(place, head));
    await collect(revisionsName, () => readRevisions(place, { length: manifest.revisionBytes }));
    issues.push(...(await leftovers(place, head)));
    // A save that replaced the manifest meanwhile took the old files away.
    if (issues.length > 0 && (await isOutdated(place, head))) continue;
    const count = bars.reduce((sum: number, found) => sum + (found ?? 0), barCount(log.bars));
    return { files: bars.length, bars: count, issues };
  }
}

/** What a check throws becomes an issue of the file that it names, or of the one given. */
function collecting(
  key: SeriesKey,
  issues: SeriesIssue[],
): <T>(file: string, check: () => Promise<T>) => Promise<T | undefined> {
  return async (file, check) => {
    try {
      return await check();
    } catch (error) {
      issues.push(issueOf(error, key, file));
      return undefined;
    }
  };
}

/** What an error says of the file that it names, or of the one given. */
export function issueOf(thrown: unknown, key: SeriesKey | undefined, file: string): SeriesIssue {
  const { code, message, details, cause } = KtrdrError.from(thrown);
  const { path, remedy, systemCode } = details ?? {};
  const named = typeof path === 'string' ? basename(path) : file;
  const about = { severity: 'damage', file: named } as const;
  if (code === 'failed_precondition')
    return { ...about, problem: message, remedy: systemCode === undefined ? remedyOfNewer : remedyOfDisk };
  const told = typeof remedy === 'string' ? remedy : undefined;
  return {
    ...about,
    problem: cause === undefined ? message : faultOf(cause),
    remedy: told ?? (key === undefined ? remedyOfManifest : remedyOf(key, named)),
  };
}

/** @returns how many bars the file holds. */
async function checkFile(place: SeriesPlace, id: string, summary: FileSummary): Promise<number> {
  return withFile(place, summary, async (file) => {
    await file.check();
    const bars = await file.bars();
    await inTurns(checkBarsInSteps(bars, `${summary.name} of ${seriesName(place.key)}`));
    await checkFacts(bars, summary);
    const span = parseSpan(place.key.timeframe, id);
    if (span === undefined || (bars.time[0] ?? 0) < span.range.start || (bars.time.at(-1) ?? 0) >= span.range.end)
      throw new Error(`it holds bars that do not belong to "${id}"`);
    return barCount(bars);
  });
}

async function checkFacts(bars: Bars, { count, first, last, years }: FileSummary): Promise<void> {
  const isSame = barCount(bars) === count && bars.time[0] === first && bars.time.at(-1) === last;
  if (!isSame) throw new Error('the manifest states another count, first or last bar');
  if (years !== undefined && !isSameRecord(years, await inTurns(digestYearsInSteps(bars))))
    throw new Error('the manifest states other digests of its bars');
}

function isSameRecord(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value);
}

function checkLog(place: SeriesPlace, { manifest, log: { bars, generation } }: SeriesHead): void {
  const saved = lastSaved(manifest);
  try {
    checkBars(bars, 'it');
    if ((bars.time[0] ?? Infinity) <= (saved ?? -Infinity))
      throw new Error('it holds bars that are not newer than those of the files');
  } catch (error) {
    const cause = new Error(KtrdrError.from(error).message);
    throw damagedFile(place, { name: logName(generation), cause, remedy: remedyOfLog(place.key, saved) });
  }
}

async function leftovers({ folder, key }: SeriesPlace, { manifest, log, hasLog }: SeriesHead): Promise<SeriesIssue[]> {
  const name = logName(log.generation);
  const named = new Set([...Object.values(manifest.files).map((file) => file.name), manifest.ledger?.name]);
  if (hasLog) named.add(name);
  const strays = (await readFolder(folder)).filter((file) => isOfGeneration(key.timeframe, file) && !named.has(file));
  const torn = `${log.tornBytes} bytes at its end are a record whose writing was cut short`;
  const halfNoted = 'one of the two notes of its length cannot be read';
  return [
    ...strays.map((file) => ({
      severity: 'leftover' as const,
      file,
      problem: 'no manifest names it: a save was cut short, or is under way',
      remedy: remedyOfLeftover,
    })),
    ...(log.tornBytes > 0
      ? [{ severity: 'leftover' as const, file: name, problem: torn, remedy: remedyOfLeftover }]
      : []),
    ...(log.extent?.isWhole === false
      ? [{ severity: 'leftover' as const, file: name, problem: halfNoted, remedy: remedyOfLeftover }]
      : []),
  ];
}
