import { join } from 'node:path';
import { KtrdrError, systemCode } from '../../base/index.ts';
import { timeframes, type Timeframe } from '../../market/index.ts';
import { readFolder } from './durable-file.ts';
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
  const symbolFolders = await readFolder(root);
  return symbolFolders.flatMap((symbolFolder) =>
    timeframes.map((timeframe) => ({ folder: join(root, symbolFolder, timeframeFolder(timeframe)), timeframe })),
  );
}

/** For a file that is not exactly as it was written, or is another series'; where the disk refused, it says that. */
export function damagedFile({ folder, key }: SeriesPlace, name: string, cause: unknown): KtrdrError {
  if (cause instanceof KtrdrError) return cause;
  const path = join(folder, name);
  const reason = cause instanceof Error ? cause.message : String(cause);
  const series = seriesName(key);
  const code = systemCode(cause);
  if (code !== undefined) {
    const message = `The bar store cannot read ${path} (${code}). Check the disk and its permissions, then try again.`;
    return new KtrdrError('failed_precondition', message, { cause, details: { systemCode: code } });
  }
  return new KtrdrError(
    'data_corrupt',
    `The file ${path} of ${series} is damaged: ${reason}. Move it away and load ${series} again with "--mode full".`,
    { cause, details: { path } },
  );
}
