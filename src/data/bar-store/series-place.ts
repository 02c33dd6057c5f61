import { join } from 'node:path';
import { z } from 'zod';
import { KtrdrError, systemCode } from '../../base/index.ts';
import { timeframes, type Timeframe } from '../../market/index.ts';
import { readFolder } from './durable-file.ts';
import { remedyOf } from './remedies.ts';
import { seriesFolder, seriesName, timeframeFolder, type SeriesKey } from './series.ts';

/** One series on the disk. */
export interface SeriesPlace {
  readonly folder: string;
  readonly key: SeriesKey;
}

export function placeOf(root: string, key: SeriesKey): SeriesPlace {
  return { folder: seriesFolder(root, key), key };
}

/** The folders of a store in which a series may lie. */
export async function seriesFolders(root: string): Promise<{ folder: string; timeframe: Timeframe }[]> {
  // The files of the claim have a dot in their names, which folders of symbols never have.
  const symbolFolders = (await readFolder(root)).filter((name) => !name.includes('.'));
  return symbolFolders.flatMap((symbolFolder) =>
    timeframes.map((timeframe) => ({ folder: join(root, symbolFolder, timeframeFolder(timeframe)), timeframe })),
  );
}

/**
 * For a file that is missing, not exactly as it was written, or another series'; where the disk refused, it says that. Its
 * details hold the remedy.
 */
export function damagedFile(
  { folder, key }: SeriesPlace,
  { name, cause, remedy = remedyOf(key, name) }: { name: string; cause: unknown; remedy?: string },
): KtrdrError {
  if (cause instanceof KtrdrError) return cause;
  const path = join(folder, name);
  const code = systemCode(cause);
  if (code !== undefined) {
    const message = `The bar store cannot read ${path} (${code}). Check the disk and its permissions, then try again.`;
    return new KtrdrError('failed_precondition', message, { cause, details: { systemCode: code, path } });
  }
  const what = key.symbol === '' ? path : `${path} of ${seriesName(key)}`;
  return new KtrdrError('data_corrupt', `The file ${what} is damaged: ${faultOf(cause)}. ${remedy}`, {
    cause,
    details: { path, remedy },
  });
}

/** What is wrong with a file, in a few words. */
export function faultOf(cause: unknown): string {
  if (!(cause instanceof z.core.$ZodError)) return cause instanceof Error ? cause.message : String(cause);
  const place = cause.issues[0]?.path.join('.') ?? '';
  return `what it says${place === '' ? '' : ` at "${place}"`} is not of the form that was written`;
}

/** Whether an error says that a file is damaged, and not that the disk refused or a newer version wrote it. */
export function isDamage(error: unknown): boolean {
  return error instanceof KtrdrError && error.code === 'data_corrupt';
}
