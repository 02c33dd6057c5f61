import { join } from 'node:path';
import { KtrdrError, sha256Of } from '../../base/index.ts';
import { barCount, emptyBars, sliceBars, type Bars, type Timeframe } from '../../market/index.ts';
import { readBarLog, emptyLog, type BarLog } from './bar-log.ts';
import { identityOf, readFileIfPresent } from './durable-file.ts';
import { manifestName, parseBarFileName } from './file-names.ts';
import { decodeLedger, emptyLedger, type Ledger } from './ledger.ts';
import { readManifest, type Manifest, type OlderManifest } from './manifest.ts';
import { makeOutManifest, newestLog, upgradeManifest } from './made-out-manifest.ts';
import { remedyOfManifest } from './remedies.ts';
import { damagedFile, type SeriesPlace } from './series-place.ts';
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
  /** Of an older series, whose manifest held it. */
  readonly olderLedger: Ledger | undefined;
}

/**
 * What a series is made of now, or undefined when there is none.
 * @throws KtrdrError `data_corrupt`, naming the file.
 */
export async function readHead(place: SeriesPlace): Promise<SeriesHead | undefined> {
  const identity = await manifestIdentity(place);
  const found = await readManifest(place.folder);
  if (found === undefined) return makeOutHead(place);
  requireKey(place, found);
  if (found.version === 1) {
    const manifest = await upgradeManifest(place, found);
    const olderLedger = { ...emptyLedger, confirmedEmpty: found.confirmedEmpty };
    return { manifest, isSaved: false, identity, log: emptyLog(0), hasLog: false, olderLedger };
  }
  const log = await readBarLog(place, found.generation);
  const head: SeriesHead = {
    manifest: found,
    isSaved: true,
    identity,
    log: log ?? emptyLog(found.generation),
    hasLog: log !== undefined,
    olderLedger: undefined,
  };
  return isNothing(head) ? undefined : head;
}

/** As `readHead`, and certain to have the log of its manifest: one that is not there may have been saved meanwhile. */
export async function readSettledHead(place: SeriesPlace): Promise<SeriesHead | undefined> {
  for (;;) {
    const head = await readHead(place);
    if (head === undefined || head.hasLog || !(await isOutdated(place, head))) return head;
  }
}

/** Which series a folder holds, by its manifest or, when that is lost, by what its files say; undefined when it holds none. */
export async function readKey(folder: string, timeframe: Timeframe): Promise<SeriesKey | undefined> {
  const manifest = (await readManifest(folder)) ?? (await makeOutManifest(folder, timeframe));
  return manifest === undefined ? undefined : { symbol: manifest.symbol, timeframe: manifest.timeframe };
}

/** True when another save has replaced the manifest since the head was read. */
export async function isOutdated(place: SeriesPlace, { identity }: SeriesHead): Promise<boolean> {
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

/** Without a manifest: the newest file of each span, and of the newest log what those do not hold already. */
async function makeOutHead(place: SeriesPlace): Promise<SeriesHead | undefined> {
  const manifest = await makeOutManifest(place.folder, place.key.timeframe);
  if (manifest === undefined) return undefined;
  requireKey(place, manifest);
  const generation = await newestLog(place.folder);
  const log = await readBarLog(place, generation);
  return {
    manifest,
    isSaved: false,
    identity: undefined,
    log: log === undefined ? emptyLog(generation) : { ...log, bars: barsSince(manifest, log) },
    hasLog: log !== undefined,
    olderLedger: emptyLedger,
  };
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
function isNothing({ manifest, log }: SeriesHead): boolean {
  return (
    Object.keys(manifest.files).length === 0 &&
    manifest.ledger === undefined &&
    manifest.unfinished === undefined &&
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
