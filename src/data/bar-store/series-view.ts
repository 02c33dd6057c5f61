import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { CancellationToken, inTurns } from '../../async/index.ts';
import {
  allocateBars,
  barColumns,
  barCount,
  barsInRange,
  concatBars,
  concatBarsInSteps,
  emptyBars,
  sliceBars,
  type Bars,
  type TimeRange,
} from '../../market/index.ts';
import { openBarFile } from './bar-file.ts';
import type { BarFile } from './bar-file-format.ts';
import { sourceOfFile } from './byte-source.ts';
import { openIfPresent } from './durable-file.ts';
import type { FileSummary } from './manifest.ts';
import { isOutdated, readHead, type SeriesHead } from './series-head.ts';
import { damagedFile, type SeriesPlace } from './series-place.ts';
import { seriesName } from './series.ts';

const everything: TimeRange = { start: -Infinity, end: Infinity };

interface ReadOptions {
  readonly range?: TimeRange | undefined;
  readonly token?: CancellationToken | undefined;
}

/** A bar file that is open, and what the manifest says of it. What it throws is `data_corrupt` and names the file. */
interface OpenFile {
  readonly summary: FileSummary;
  readonly file: BarFile;
  readonly handle: FileHandle;
}

/**
 * A series as it was at one moment: its manifest, its log, and the open bar files of a range. Saves that happen later
 * change none of it, because they write other files and the open ones stay.
 */
export class SeriesView implements AsyncDisposable {
  readonly head: SeriesHead;
  /** Oldest first. */
  readonly files: readonly OpenFile[];
  readonly #place: SeriesPlace;

  private constructor(place: SeriesPlace, head: SeriesHead, files: readonly OpenFile[]) {
    this.#place = place;
    this.head = head;
    this.files = files;
  }

  /** Undefined when there is no such series. */
  static async open(place: SeriesPlace, range = everything): Promise<SeriesView | undefined> {
    for (;;) {
      const head = await readHead(place);
      if (head === undefined) return undefined;
      const { files, fault } = await openFiles(place, head, range);
      if (fault === undefined) return new SeriesView(place, head, files);
      await closeAll(files);
      // A file that is missing or another one may have been replaced since the manifest was read.
      if (!(await isOutdated(place, head))) throw fault;
    }
  }

  /** The bars of the log that lie in a range, as the part behind those of the files; none when it has none there. */
  newest(range = everything): Bars[] {
    const bars = barsInRange(this.head.log.bars, range);
    return barCount(bars) === 0 ? [] : [bars];
  }

  async bars({ range, token }: ReadOptions = {}): Promise<Bars> {
    if (range === undefined || this.files.every(({ summary }) => isWithin(summary, range)))
      return this.#wholeFiles(this.newest(range), token);
    const parts = await this.#each({ range, token }, (file, part) => file.bars(part));
    return inTurns(concatBarsInSteps([...parts, ...this.newest(range)]));
  }

  async stamps(range?: TimeRange): Promise<Float64Array> {
    const parts = await this.#each({ range }, async (file, part) => ({ ...emptyBars, time: await file.stamps(part) }));
    return concatBars([...parts, ...this.newest(range).map(({ time }) => ({ ...emptyBars, time }))]).time;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeAll(this.files);
  }

  /** Into one set of columns: joining parts afterwards would take as long as reading them. */
  async #wholeFiles(newest: readonly Bars[], token = CancellationToken.none): Promise<Bars> {
    const counts = [...this.files.map(({ file }) => file.count), ...newest.map(barCount)];
    const bars = allocateBars(counts.reduce((sum, count) => sum + count, 0));
    let from = 0;
    for (const { file } of this.files) {
      token.throwIfCancelled(`the reading of ${seriesName(this.#place.key)}`);
      await file.fill(sliceBars(bars, from, from + file.count));
      from += file.count;
    }
    for (const part of newest) {
      for (const column of barColumns) bars[column].set(part[column], from);
      from += barCount(part);
    }
    return bars;
  }

  async #each<T>(
    { range = everything, token = CancellationToken.none }: ReadOptions,
    use: (file: BarFile, part?: TimeRange) => Promise<T>,
  ): Promise<T[]> {
    const parts: T[] = [];
    for (const { summary, file } of this.files) {
      token.throwIfCancelled(`the reading of ${seriesName(this.#place.key)}`);
      if (!reaches(summary, range)) continue;
      parts.push(await use(file, isWithin(summary, range) ? undefined : range));
    }
    return parts;
  }
}

/** True when all bars of a file lie in a range. */
export function isWithin({ first, last }: FileSummary, range: TimeRange): boolean {
  return range.start <= first && last < range.end;
}

/** Opens one bar file for as long as it is used. */
export async function withFile<T>(
  place: SeriesPlace,
  summary: FileSummary,
  use: (file: BarFile) => Promise<T>,
): Promise<T> {
  const { file, handle } = await openFile(place, summary);
  try {
    return await use(file);
  } finally {
    await handle.close();
  }
}

/** True when bars of a file may lie in a range. */
export function reaches({ first, last }: FileSummary, { start, end }: TimeRange): boolean {
  return last >= start && first < end;
}

async function openFiles(
  place: SeriesPlace,
  { manifest }: SeriesHead,
  range: TimeRange,
): Promise<{ files: OpenFile[]; fault?: Error }> {
  const files: OpenFile[] = [];
  const wanted = Object.values(manifest.files).filter((summary) => reaches(summary, range));
  for (const summary of wanted.sort((a, b) => a.first - b.first)) {
    try {
      files.push(await openFile(place, summary));
    } catch (error) {
      return { files, fault: damagedFile(place, { name: summary.name, cause: error }) };
    }
  }
  return { files };
}

/** Whoever opens it closes its handle. */
async function openFile(place: SeriesPlace, summary: FileSummary): Promise<OpenFile> {
  const handle = await openIfPresent(join(place.folder, summary.name));
  if (handle === undefined) throw damagedFile(place, { name: summary.name, cause: new Error('it is missing') });
  try {
    const file = await openBarFile(await sourceOfFile(handle));
    requireIdentity(place, summary, file);
    return {
      summary,
      file: guarded(file, (error) => damagedFile(place, { name: summary.name, cause: error })),
      handle,
    };
  } catch (error) {
    await handle.close();
    throw damagedFile(place, { name: summary.name, cause: error });
  }
}

function requireIdentity({ key }: SeriesPlace, summary: FileSummary, { label, seal }: BarFile): void {
  const { symbol, timeframe, name } = label;
  if (symbol !== key.symbol || timeframe !== key.timeframe || name !== summary.name)
    throw new Error(`it was written as ${name} of ${seriesName(label)}`);
  if (seal !== summary.seal) throw new Error('it is not the file that the manifest names');
}

function guarded(file: BarFile, failure: (error: unknown) => Error): BarFile {
  const guard = async <T>(reading: Promise<T>): Promise<T> => {
    try {
      return await reading;
    } catch (error) {
      throw failure(error);
    }
  };
  return {
    ...file,
    stamps: (range) => guard(file.stamps(range)),
    bars: (range) => guard(file.bars(range)),
    fill: (target) => guard(file.fill(target)),
    check: () => guard(file.check()),
  };
}

async function closeAll(files: readonly OpenFile[]): Promise<void> {
  await Promise.all(files.map(({ handle }) => handle.close()));
}
