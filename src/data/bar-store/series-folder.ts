import { join } from 'node:path';
import { KtrdrError } from '../../base/index.ts';
import { barCount, type Bars, type CalendarId, type Timeframe, type TimeRange } from '../../market/index.ts';
import { decodeBarFile, encodeBarFile, type BarFile } from './bar-file.ts';
import { readFileIfPresent, readFolder, readTailIfPresent, removeFile, replaceFile } from './durable-file.ts';
import { readManifest, type FileSummary, type Manifest } from './manifest.ts';
import { readSeal, sealTailBytes } from './seal.ts';
import { parseFileName, seriesName, type FileSpan, type SeriesKey } from './series.ts';

/** One series on the disk. */
export interface SeriesPlace {
  readonly folder: string;
  readonly key: SeriesKey;
}

/**
 * Which series a folder holds, by its manifest or, when that is lost, by what a bar file says of itself; undefined when
 * it holds none.
 */
export async function readKey(folder: string, timeframe: Timeframe): Promise<SeriesKey | undefined> {
  const manifest = await readManifest(folder);
  if (manifest !== undefined) return { symbol: manifest.symbol, timeframe: manifest.timeframe };
  const name = (await readFolder(folder)).find((entry) => parseFileName(timeframe, entry) !== undefined);
  const bytes = name === undefined ? undefined : await readFileIfPresent(join(folder, name));
  return bytes === undefined ? undefined : decodeBarFile(bytes).label;
}

/** The files of a series whose bars may lie in a range, oldest first. */
export async function filesOf({ folder, key }: SeriesPlace, range?: TimeRange): Promise<FileSpan[]> {
  return (await readFolder(folder))
    .map((name) => parseFileName(key.timeframe, name))
    .filter((file) => file !== undefined)
    .filter((file) => range === undefined || (file.range.start < range.end && range.start < file.range.end));
}

/**
 * Reads from one bar file; undefined when there is no such file.
 * @throws KtrdrError `data_corrupt` for a file that is not exactly as it was written, or is another series'.
 */
export async function readBarFile<T>(
  place: SeriesPlace,
  file: FileSpan,
  use: (file: BarFile) => Promise<T>,
): Promise<T | undefined> {
  const path = join(place.folder, file.name);
  const bytes = await readFileIfPresent(path);
  if (bytes === undefined) return undefined;
  try {
    const barFile = decodeBarFile(bytes);
    const { symbol, timeframe, name } = barFile.label;
    if (symbol !== place.key.symbol || timeframe !== place.key.timeframe || name !== file.name) {
      throw new Error(`it was written as ${name} of ${seriesName(barFile.label)}`);
    }
    return await use(barFile);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const series = seriesName(place.key);
    throw new KtrdrError(
      'data_corrupt',
      `The bar file ${path} of ${series} is damaged: ${reason}. Move it away and load ${series} again with "--mode full".`,
      { cause: error, details: { path } },
    );
  }
}

/** Replaces one bar file, or removes it when no bar is left, and says what the manifest shall hold for it. */
export async function writeBarFile(
  { folder, key }: SeriesPlace,
  { file, bars, calendar }: { file: FileSpan; bars: Bars; calendar: CalendarId },
): Promise<FileSummary | undefined> {
  const path = join(folder, file.name);
  if (barCount(bars) === 0) {
    await removeFile(path);
    return undefined;
  }
  const bytes = encodeBarFile(bars, { symbol: key.symbol, timeframe: key.timeframe, calendar, name: file.name });
  const { seal } = decodeBarFile(bytes);
  await replaceFile(path, bytes);
  return summarize(bars.time, seal);
}

/**
 * The manifest as it should be, or undefined when there is no series. Bar files are replaced before their manifest, so
 * after a crash between the two a file is newer than its entry; such an entry is made again from the file. A file is
 * complete whenever it has its name, so its bars count.
 */
export async function surveySeries(place: SeriesPlace): Promise<Manifest | undefined> {
  const manifest = await readManifest(place.folder);
  const { symbol, timeframe } = manifest ?? place.key;
  if (symbol !== place.key.symbol || timeframe !== place.key.timeframe) {
    const reason = `is that of ${seriesName({ symbol, timeframe })}, not of ${seriesName(place.key)}`;
    throw new KtrdrError(
      'data_corrupt',
      `The manifest in ${place.folder} ${reason}. Move it away: it is made again from the bar files.`,
    );
  }
  const files: Record<string, FileSummary> = {};
  let calendar = manifest?.calendar;
  for (const file of await filesOf(place)) {
    const tail = await readTailIfPresent(join(place.folder, file.name), sealTailBytes);
    if (tail === undefined) continue;
    const entry = manifest?.files[file.name];
    if (entry !== undefined && entry.seal === readSeal(tail)) {
      files[file.name] = entry;
      continue;
    }
    await readBarFile(place, file, async (barFile) => {
      files[file.name] = summarize(await barFile.stamps(), barFile.seal);
      calendar ??= barFile.label.calendar;
    });
  }
  if (calendar === undefined) return undefined;
  return {
    version: 1,
    symbol,
    timeframe,
    calendar,
    confirmedEmpty: manifest?.confirmedEmpty ?? [],
    updatedAt: manifest?.updatedAt ?? 0,
    files,
  };
}

function summarize(time: Float64Array, seal: string): FileSummary {
  return { count: time.length, first: time[0] ?? Number.NaN, last: time.at(-1) ?? Number.NaN, seal };
}
