import { join } from 'node:path';
import type { Timeframe } from '../../market/index.ts';
import { openBarFile } from './bar-file.ts';
import type { BarFile, BarFileLabel } from './bar-file-format.ts';
import { readLogLabel } from './bar-log-file.ts';
import { readBytes, sourceOfFile } from './byte-source.ts';
import { openIfPresent, readFileIfPresent, readFolder } from './durable-file.ts';
import { parseBarFileName, parseLogName, revisionsName } from './file-names.ts';
import { manifestVersion, type FileSummary, type Manifest, type OlderManifest } from './manifest.ts';
import { decodeRecords } from './records.ts';
import { readSeal, sealTailBytes } from './seal.ts';
import { remedyOfUnnamed } from './remedies.ts';
import { damagedFile, isDamage, type SeriesPlace } from './series-place.ts';
import type { Span } from './series.ts';

/**
 * The manifest of a series that lost it, made from what its newest files say of themselves, or its log where all bars are
 * in that; undefined when there is neither. What only the manifest and its ledger knew is lost.
 */
export async function makeOutManifest(folder: string, timeframe: Timeframe): Promise<Manifest | undefined> {
  const newest = new Map<string, { name: string; span: Span; generation: number }>();
  for (const name of await readFolder(folder)) {
    const found = parseBarFileName(timeframe, name);
    if (found !== undefined && found.generation >= (newest.get(found.span.id)?.generation ?? 0))
      newest.set(found.span.id, { name, ...found });
  }
  const files: Record<string, FileSummary> = {};
  let label: BarFileLabel | undefined;
  for (const { name, span } of newest.values()) {
    const file = await readSummary({ folder, key: { symbol: '', timeframe } }, name);
    if (file === undefined) continue;
    files[span.id] = file.summary;
    label = file.label;
  }
  const logGeneration = (await logGenerations(folder)).at(-1) ?? -1;
  const { symbol, calendar } = label ?? (await readLogLabel({ folder, timeframe }, logGeneration)) ?? {};
  if (symbol === undefined || calendar === undefined) return undefined;
  const generation = Math.max(logGeneration, ...[...newest.values()].map((file) => file.generation));
  const revisions = await countRevisions({ folder, key: { symbol, timeframe } });
  return { ...blank, ...revisions, generation, symbol, timeframe, calendar, files };
}

/**
 * An older manifest in today's form. Its bar files were replaced before it was, so after a crash a file may be newer
 * than its entry; such an entry is made again from the file. A file is complete whenever it has its name.
 */
export async function upgradeManifest(place: SeriesPlace, older: OlderManifest): Promise<Manifest> {
  const { symbol, timeframe, calendar, updatedAt } = older;
  // Also those that are not there: they are missing, and who needs them has to hear of it.
  const files = Object.fromEntries(
    Object.entries(older.files).flatMap(([name, entry]): [string, FileSummary][] => {
      const found = parseBarFileName(timeframe, name);
      return found === undefined ? [] : [[found.span.id, { name, ...entry }]];
    }),
  );
  for (const name of await readFolder(place.folder)) {
    const found = parseBarFileName(timeframe, name);
    // Of a later generation, a file is from a first write of today that did not come to its manifest.
    if (found === undefined || found.generation > 0) continue;
    const { id } = found.span;
    const entry = older.files[name];
    const isCurrent = entry !== undefined && entry.seal === (await sealOf(place, name));
    if (isCurrent) continue;
    try {
      const file = await readSummary(place, name);
      if (file !== undefined) files[id] = file.summary;
    } catch (error) {
      // Who reads the bars that the manifest names hears of the damage; the rest of the series is readable.
      if (entry === undefined || !isDamage(error)) throw error;
    }
  }
  return { ...blank, symbol, timeframe, calendar, updatedAt, files };
}

/** The generations of which there is a log, oldest first. */
export async function logGenerations(folder: string): Promise<number[]> {
  const generations = (await readFolder(folder)).map(parseLogName).filter((found) => found !== undefined);
  return generations.sort((a, b) => a - b);
}

const blank = { version: manifestVersion, generation: 0, updatedAt: 0, revision: 0, revisionBytes: 0 } as const;

async function countRevisions(place: SeriesPlace): Promise<{ revision: number; revisionBytes: number }> {
  const bytes = (await readFileIfPresent(join(place.folder, revisionsName))) ?? new Uint8Array();
  try {
    const { payloads, length } = decodeRecords(bytes);
    return { revision: payloads.length, revisionBytes: length };
  } catch (error) {
    throw damagedFile(place, { name: revisionsName, cause: error });
  }
}

async function summarizeFile(file: BarFile): Promise<{ summary: FileSummary; label: BarFileLabel }> {
  const { label, seal, count } = file;
  const time = await file.stamps();
  return { summary: { name: label.name, count, first: time[0] ?? 0, last: time.at(-1) ?? 0, seal }, label };
}

async function sealOf(place: SeriesPlace, name: string): Promise<string | undefined> {
  const file = await openIfPresent(join(place.folder, name));
  if (file === undefined) return undefined;
  try {
    const source = await sourceOfFile(file);
    return readSeal(await readBytes(source, Math.max(0, source.size - sealTailBytes), source.size));
  } finally {
    await file.close();
  }
}

async function readSummary(
  place: SeriesPlace,
  name: string,
): Promise<Awaited<ReturnType<typeof summarizeFile>> | undefined> {
  const file = await openIfPresent(join(place.folder, name));
  if (file === undefined) return undefined;
  try {
    return await summarizeFile(await openBarFile(await sourceOfFile(file)));
  } catch (error) {
    throw damagedFile(place, { name, cause: error, remedy: remedyOfUnnamed });
  } finally {
    await file.close();
  }
}
