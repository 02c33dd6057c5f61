import { join } from 'node:path';
import { z } from 'zod';
import { KtrdrError } from '../../base/index.ts';
import { calendarIds, timeframes } from '../../market/index.ts';
import { readFileIfPresent, removeFile, replaceFile } from './durable-file.ts';

const fileSchema = z.object({
  count: z.number().int().positive(),
  first: z.number(),
  last: z.number(),
  /** Of the file this entry was made from. A file with another seal was written after the entry. */
  seal: z.string(),
});

/**
 * What a series knows beside its bars. The bar files are the truth about bars; `files` repeats their main facts, so
 * that an overview reads no bars. A manifest that is lost is made again from the files.
 */
const manifestSchema = z.object({
  version: z.literal(1),
  symbol: z.string(),
  timeframe: z.enum(timeframes),
  calendar: z.enum(calendarIds),
  /** Known to hold no bar where no bar is: instants for intraday bars, dates for slower ones. */
  confirmedEmpty: z.array(z.object({ start: z.number(), end: z.number() })),
  updatedAt: z.number(),
  files: z.record(z.string(), fileSchema),
});

export type Manifest = z.infer<typeof manifestSchema>;

/** The main facts of one bar file. */
export type FileSummary = z.infer<typeof fileSchema>;

/**
 * The manifest of a series' folder, or undefined when it has none.
 * @throws KtrdrError `data_corrupt` for a file that is no manifest.
 */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  const path = manifestPath(folder);
  const bytes = await readFileIfPresent(path);
  if (bytes === undefined) return undefined;
  try {
    return manifestSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (error) {
    throw new KtrdrError(
      'data_corrupt',
      `The manifest ${path} is damaged. Move it away: it is made again from the bar files, and only what is known to be empty has to be asked for anew.`,
      { cause: error, details: { path } },
    );
  }
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await replaceFile(manifestPath(folder), new TextEncoder().encode(`${JSON.stringify(manifest)}\n`));
}

export async function removeManifest(folder: string): Promise<void> {
  await removeFile(manifestPath(folder));
}

function manifestPath(folder: string): string {
  return join(folder, 'series.json');
}
