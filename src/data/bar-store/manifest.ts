import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { KtrdrError } from '../../base/index.ts';
import { calendarIds, timeframes } from '../../market/index.ts';
import { readFileIfPresent, removeFile, replaceFile } from './durable-file.ts';
import { manifestName } from './file-names.ts';
import { requireKnownVersion } from './known-version.ts';
import { remedyOfManifest } from './remedies.ts';

const fileSchema = z.object({
  name: z.string(),
  count: z.number().int().positive(),
  first: z.number(),
  last: z.number(),
  seal: z.string(),
  /** Content digest of each UTC year; absent for files of an older layout. */
  years: z.record(z.string(), z.string()).exactOptional(),
});

const rowSchema = z.object({
  time: z.number(),
  open: z.number(),
  high: z.number(),
  low: z.number(),
  close: z.number(),
  /** JSON knows no NaN. */
  volume: z.number().nullable(),
});

/** Version 3 names the log, which until then was there when something had been added to it. */
export const manifestVersion = 3;

/**
 * Which files make up a series. Replacing it is what makes a save happen, for all its files at once: those of the next
 * generation lie ready beside the old ones, and what no manifest names does not count.
 */
const manifestSchema = z.object({
  version: z.union([z.literal(2), z.literal(manifestVersion)]),
  generation: z.number().int().nonnegative(),
  symbol: z.string(),
  timeframe: z.enum(timeframes),
  calendar: z.enum(calendarIds),
  updatedAt: z.number(),
  /** By the id of their span. */
  files: z.record(z.string(), fileSchema),
  ledger: z.object({ name: z.string(), sha256: z.string() }).exactOptional(),
  /** The name of the log, which says itself how far it goes. A series that holds nothing has none. */
  log: z.string().exactOptional(),
  /** How often bars of the series were revised, and how much of the file of revisions counts. */
  revision: z.number().int().nonnegative(),
  revisionBytes: z.number().int().nonnegative(),
  unfinished: rowSchema.exactOptional(),
});

export type Manifest = z.infer<typeof manifestSchema>;

/** The main facts of one bar file. */
export type FileSummary = z.infer<typeof fileSchema>;

const sealedManifestSchema = z.object({ sha256: z.string(), series: manifestSchema });

/** How manifests were at first: beside the files, which could be newer. */
const olderManifestSchema = z.object({
  version: z.literal(1),
  symbol: z.string(),
  timeframe: z.enum(timeframes),
  calendar: z.enum(calendarIds),
  confirmedEmpty: z.array(z.object({ start: z.number(), end: z.number() })),
  updatedAt: z.number(),
  files: z.record(z.string(), fileSchema.omit({ name: true, years: true })),
});

export type OlderManifest = z.infer<typeof olderManifestSchema>;

/**
 * The manifest of a series' folder, or undefined when it has none.
 * @throws KtrdrError `data_corrupt` for a file that is no manifest, or not as it was written; `failed_precondition` for
 * one that a newer version wrote.
 */
export async function readManifest(folder: string): Promise<Manifest | OlderManifest | undefined> {
  const path = join(folder, manifestName);
  const bytes = await readFileIfPresent(path);
  if (bytes === undefined) return undefined;
  try {
    const content: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    requireKnownVersion(seriesOf(content), manifestVersion, `The manifest ${path}`);
    const older = olderManifestSchema.safeParse(content);
    if (older.success) return older.data;
    const { sha256, series } = sealedManifestSchema.parse(content);
    if (sha256 !== digestOf(series)) throw new Error('its content does not match its checksum');
    return series;
  } catch (error) {
    if (error instanceof KtrdrError) throw error;
    throw new KtrdrError('data_corrupt', `The manifest ${path} is damaged. ${remedyOfManifest}`, {
      cause: error,
      details: { path, remedy: remedyOfManifest },
    });
  }
}

/** What a manifest says of its series, which lies beside its checksum. */
function seriesOf(content: unknown): unknown {
  return z.object({ series: z.unknown() }).safeParse(content).data?.series;
}

function digestOf(manifest: Manifest): string {
  return createHash('sha256')
    .update(JSON.stringify(manifestSchema.parse(manifest)))
    .digest('hex');
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const series = manifestSchema.parse(manifest);
  const text = `${JSON.stringify({ sha256: digestOf(series), series }, undefined, 1)}\n`;
  await replaceFile(join(folder, manifestName), new TextEncoder().encode(text));
}

/** The stamp of the newest bar in the files. */
export function lastSaved({ files }: Manifest): number | undefined {
  const lasts = Object.values(files).map(({ last }) => last);
  return lasts.length === 0 ? undefined : Math.max(...lasts);
}

/** True when a series holds nothing but what may be in its log. */
export function holdsNothing({ files, ledger, unfinished }: Manifest): boolean {
  return Object.keys(files).length === 0 && ledger === undefined && unfinished === undefined;
}

export async function removeManifest(folder: string): Promise<void> {
  await removeFile(join(folder, manifestName));
}
