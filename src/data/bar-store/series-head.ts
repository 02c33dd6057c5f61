import { join } from 'node:path';
import { KtrdrError, sha256Of } from '../../base/index.ts';
import {
  barCount,
  emptyBars,
  mergeBars,
  sliceBars,
  type Bars,
  type TimeRange,
  type Timeframe,
} from '../../market/index.ts';
import { emptyLog, type BarLog } from './bar-log.ts';
import { readBarLog } from './bar-log-file.ts';
import { identityOf, readFileIfPresent } from './durable-file.ts';
import { manifestName, parseBarFileName } from './file-names.ts';
import { decodeLedger, emptyLedger, type Ledger } from './ledger.ts';
import { holdsNothing, lastSaved, readManifest, type Manifest, type OlderManifest } from './manifest.ts';
import { logGenerations, makeOutManifest, upgradeManifest } from './made-out-manifest.ts';
import { remedyOfLog, remedyOfManifest, remedyOfUnnamed } from './remedies.ts';
import { damagedFile, isDamage, type SeriesPlace } from './series-place.ts';
import { seriesName, spanOf, type SeriesKey } from './series.ts';

/** What a series is made of at one moment: its manifest and its log. */
export interface SeriesHead {
  readonly manifest: Manifest;
  /** True when this manifest is on the disk; false for one that was made out from other files or an older manifest. */
  readonly isSaved: boolean;
  /** Of the manifest's file as it was before it was read. */
  readonly identity: string | undefined;
  readonly log: BarLog;
  readonly hasLog: boolean;
  /** True where what the log holds is given up, because it cannot be read. */
  readonly isLogLost: boolean;
  /** Of an older series, whose manifest held it. */
  readonly olderLedger: Ledger | undefined;
}

/**
 * What a series is made of now, or undefined when there is none. A log need not be readable where all that may be in it
 * lies in the range that is `givenUp`.
 * @throws KtrdrError `data_corrupt`, naming the file.
 */
export async function readHead(place: SeriesPlace, givenUp?: TimeRange): Promise<SeriesHead | undefined> {
  for (;;) {
    const identity = await manifestIdentity(place);
    try {
      const head = await readHeadOf(place, { identity, givenUp });
      if (head === undefined || head.hasLog || !(await isOutdated(place, { identity }))) return head;
    } catch (error) {
      // A save that replaced the manifest meanwhile took the old log away.
      if (!(await isOutdated(place, { identity }))) throw error;
    }
  }
}

interface HeadReading {
  readonly identity: string | undefined;
  readonly givenUp: TimeRange | undefined;
}

async function readHeadOf(place: SeriesPlace, { identity, givenUp }: HeadReading): Promise<SeriesHead | undefined> {
  const found = await readManifest(place.folder);
  if (found === undefined) return makeOutHead(place);
  requireKey(place, found);
  if (found.version === 1) {
    const manifest = await upgradeManifest(place, found);
    const olderLedger = { ...emptyLedger, confirmedEmpty: found.confirmedEmpty };
    const log = { log: emptyLog(0), hasLog: false, isLogLost: false };
    return { manifest, isSaved: false, identity, ...log, olderLedger };
  }
  const log = await readLog(place, found, givenUp);
  const head: SeriesHead = { manifest: found, isSaved: true, identity, ...log, olderLedger: undefined };
  return isNothing(head) ? undefined : head;
}

async function readLog(
  place: SeriesPlace,
  manifest: Manifest,
  givenUp: TimeRange | undefined,
): Promise<Pick<SeriesHead, 'log' | 'hasLog' | 'isLogLost'>> {
  const { generation } = manifest;
  const last = lastSaved(manifest);
  const named = { generation, isNamed: manifest.log !== undefined, remedy: remedyOfLog(place.key, last) };
  try {
    const log = await readBarLog(place, named);
    return { log: log ?? emptyLog(generation), hasLog: log !== undefined, isLogLost: false };
  } catch (error) {
    const isGivenUp = givenUp !== undefined && givenUp.start <= (last ?? -Infinity) && givenUp.end === Infinity;
    if (!isGivenUp || !isDamage(error)) throw error;
    return { log: emptyLog(generation), hasLog: true, isLogLost: true };
  }
}

/** Which series a folder holds, by its manifest or, when that is lost, by what its files say; undefined when it holds none. */
export async function readKey(folder: string, timeframe: Timeframe): Promise<SeriesKey | undefined> {
  const manifest = (await readManifest(folder)) ?? (await makeOutManifest(folder, timeframe));
  return manifest === undefined ? undefined : { symbol: manifest.symbol, timeframe: manifest.timeframe };
}

/** True when another save has replaced the manifest since the head was read. */
export async function isOutdated(place: SeriesPlace, { identity }: Pick<SeriesHead, 'identity'>): Promise<boolean> {
  return (await manifestIdentity(place)) !== identity;
}

/** Identifies the manifest that a series has now. */
export function manifestIdentity(place: SeriesPlace): Promise<string | undefined> {
  return identityOf(join(place.folder, manifestName));
}

/** @throws KtrdrError `data_corrupt` for a ledger that is missing or not as it was written. */
export async function readLedger(place: SeriesPlace, { manifest, olderLedger }: SeriesHead): Promise<Ledger> {
  if (olderLedger !== undefined) return olderLedger;
  if (manifest.ledger === undefined) return emptyLedger;
  const { name, sha256 } = manifest.ledger;
  const bytes = await readFileIfPresent(join(place.folder, name));
  try {
    if (bytes === undefined) throw new Error('it is missing');
    if (sha256Of(bytes) !== sha256) throw new Error('its content does not match its checksum');
    return decodeLedger(bytes, join(place.folder, name));
  } catch (error) {
    throw damagedFile(place, { name, cause: error });
  }
}

/**
 * Without a manifest: the newest file of each span, and of the logs what those do not hold already. There are two logs
 * where a save was cut short.
 */
async function makeOutHead(place: SeriesPlace): Promise<SeriesHead | undefined> {
  const manifest = await makeOutManifest(place.folder, place.key.timeframe);
  if (manifest === undefined) return undefined;
  requireKey(place, manifest);
  const logs: BarLog[] = [];
  for (const generation of await logGenerations(place.folder)) {
    const log = await readBarLog(place, { generation, isNamed: false, remedy: remedyOfUnnamed });
    if (log !== undefined) logs.push({ ...log, bars: barsSince(manifest, log) });
  }
  const log: BarLog = {
    ...(logs.at(-1) ?? emptyLog(-1)),
    bars: logs.reduce((bars, each) => mergeBars(bars, each.bars), emptyBars),
    confirmedEmpty: logs.flatMap((each) => each.confirmedEmpty),
    provenance: logs.flatMap((each) => each.provenance),
  };
  const hasLog = logs.length > 0;
  return { manifest, isSaved: false, identity: undefined, log, hasLog, isLogLost: false, olderLedger: emptyLedger };
}

/** A save that was cut short may have written the log's bars of some spans, oldest first. */
function barsSince({ timeframe, files }: Manifest, { bars, generation }: BarLog): Bars {
  const isSaved = (stamp: number): boolean => {
    const name = files[spanOf(timeframe, stamp).id]?.name ?? '';
    return (parseBarFileName(timeframe, name)?.generation ?? -1) > generation;
  };
  const from = bars.time.findIndex((stamp) => !isSaved(stamp));
  return from < 0 ? emptyBars : sliceBars(bars, from, barCount(bars));
}

/** What is left for a moment of a series that was removed. */
function isNothing({ manifest, log, isLogLost }: SeriesHead): boolean {
  return (
    holdsNothing(manifest) &&
    !isLogLost &&
    barCount(log.bars) === 0 &&
    log.unfinished === undefined &&
    log.confirmedEmpty.length === 0
  );
}

function requireKey({ folder, key }: SeriesPlace, { symbol, timeframe }: Manifest | OlderManifest): void {
  if (symbol === key.symbol && timeframe === key.timeframe) return;
  const reason = `is that of ${seriesName({ symbol, timeframe })}, not of ${seriesName(key)}`;
  throw new KtrdrError('data_corrupt', `The manifest in ${folder} ${reason}. ${remedyOfManifest}`, {
    details: { path: join(folder, manifestName), remedy: remedyOfManifest },
  });
}
