import { dirname, join, resolve } from 'node:path';
import { CancellationToken, systemClock, type Clock } from '../../async/index.ts';
import { KtrdrError, silentLogger, type Logger } from '../../base/index.ts';
import {
  barCount,
  barsInRange,
  concatBars,
  emptyBars,
  indexAtOrAfter,
  mergeBars,
  sliceBars,
  subtractRanges,
  timeframes,
  unionRanges,
  type Bars,
  type CalendarId,
  type TimeRange,
} from '../../market/index.ts';
import type { BarFile } from './bar-file.ts';
import { checkSegment } from './check-segment.ts';
import { makeFolder, readFolder, removeEmptyFolder, removeTemporaryFiles } from './durable-file.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { removeManifest, writeManifest, type Manifest } from './manifest.ts';
import { filesOf, readBarFile, readKey, surveySeries, writeBarFile, type SeriesPlace } from './series-folder.ts';
import { fileOf, seriesFolder, seriesName, timeframeFolder, type FileSpan, type SeriesKey } from './series.ts';

export interface BarStoreOptions {
  /** A store has one process that writes; any number may read along. `write` by default. */
  readonly access?: 'read' | 'write';
  readonly clock?: Clock;
  readonly log?: Logger;
}

/** What a series holds. Stamps and ranges are instants for intraday bars, dates at midnight UTC for slower ones. */
export interface SeriesInfo {
  readonly key: SeriesKey;
  readonly calendar: CalendarId;
  readonly count: number;
  /** Stamps of the oldest and the newest bar. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  /** Where the source has confirmed that there is nothing; a bar that is present all the same counts as present. */
  readonly confirmedEmpty: readonly TimeRange[];
  /** Epoch milliseconds of the last write; 0 when the series had to be made out from its bar files. */
  readonly updatedAt: number;
}

/** A finished piece of a load: the bars, and where the source has confirmed that there are none. */
export interface BarSegment {
  readonly calendar: CalendarId;
  readonly bars: Bars;
  readonly confirmedEmpty: readonly TimeRange[];
}

/**
 * Bars on the disk: Parquet files, one per series and year (one in all for `1d`), each sealed with a digest of its
 * content, and a manifest per series. Every file is replaced as a whole, so a reader meets complete files at any moment
 * and a crash loses nothing that was promised. One process owns the folder; within it calls may overlap as they like.
 *
 * Any call throws `data_corrupt`, naming the file, where a file is not as it was written, and `failed_precondition`
 * where the disk refuses.
 */
export class BarStore implements AsyncDisposable {
  readonly #root: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #access: 'read' | 'write';
  /** Writers of one series take turns. Readers wait for nobody. */
  readonly #writers = new KeyedQueue();

  private constructor(root: string, { clock = systemClock, log = silentLogger, access = 'write' }: BarStoreOptions) {
    this.#root = root;
    this.#access = access;
    this.#clock = clock;
    this.#log = log;
  }

  /** Opens the store in a folder, which is made when it is missing, and clears away what a crash has left half-written. */
  static async open(directory: string, options: BarStoreOptions = {}): Promise<BarStore> {
    const root = resolve(directory);
    await makeFolder(root);
    // A reader must not clear away what the writer is just writing.
    if (options.access !== 'read') await removeTemporaryFiles(root);
    return new BarStore(root, options);
  }

  /** All series, by symbol and timeframe. One that cannot be read is left out and logged. */
  async list(): Promise<SeriesInfo[]> {
    const infos: SeriesInfo[] = [];
    for (const symbolFolder of await readFolder(this.#root)) {
      for (const timeframe of timeframes) {
        const folder = join(this.#root, symbolFolder, timeframeFolder(timeframe));
        try {
          const key = await readKey(folder, timeframe);
          const info = key === undefined ? undefined : await this.#infoAt(folder, key);
          if (info !== undefined) infos.push(info);
        } catch (error) {
          this.#log.warn('a series is left out of the list, its files cannot be read', { folder, error });
        }
      }
    }
    return infos.sort((a, b) => compareText(a.key.symbol, b.key.symbol));
  }

  /** What a series holds, or undefined when there is none. */
  async info(key: SeriesKey): Promise<SeriesInfo | undefined> {
    const manifest = await surveySeries(this.#place(key));
    return manifest === undefined ? undefined : infoOf(manifest);
  }

  /**
   * The bars of a series, or those whose stamp lies in the range; none when nothing is stored. A cancel ends it before
   * the next file.
   */
  async read(key: SeriesKey, range?: TimeRange, token = CancellationToken.none): Promise<Bars> {
    return concatBars(await this.#readFiles(key, { range, token }, (file, part) => file.bars(part)));
  }

  /** As `read`, the time column alone. */
  async stamps(key: SeriesKey, range?: TimeRange): Promise<Float64Array> {
    const parts = await this.#readFiles(key, { range }, (file, part) => file.stamps(part));
    return concatBars(parts.map((time) => ({ ...emptyBars, time }))).time;
  }

  /**
   * Adds a finished segment; where a bar is held already the incoming one wins. Durable when it resolves. A crash on
   * the way leaves each touched year with all of its incoming bars or with none, and the series readable.
   * @throws KtrdrError `data_corrupt` for bars that break a rule, `invalid_input` for stamps or ranges that do not fit
   * the timeframe, `conflict` for another calendar than the series has; nothing is written then.
   */
  async append(key: SeriesKey, { calendar, bars, confirmedEmpty }: BarSegment): Promise<void> {
    this.#mayWrite();
    checkSegment(key, bars, confirmedEmpty);
    const place = this.#place(key);
    await this.#writers.run(place.folder, async () => {
      const manifest = (await surveySeries(place)) ?? emptyManifest(key, calendar);
      if (manifest.calendar !== calendar) {
        throw new KtrdrError(
          'conflict',
          `${seriesName(key)} is stored with the calendar ${manifest.calendar}; bars of the calendar ${calendar} cannot be added. Remove the series first.`,
        );
      }
      // All files are read before the first is written: a damaged one stops the whole segment.
      const merged: { file: FileSpan; bars: Bars; calendar: CalendarId }[] = [];
      for (const { file, part } of splitByFile(key, bars)) {
        const held = (await readBarFile(place, file, (barFile) => barFile.bars())) ?? emptyBars;
        merged.push({ file, bars: mergeBars(held, part), calendar });
      }
      await makeFolder(place.folder);
      const files = { ...manifest.files };
      for (const write of merged) {
        const summary = await writeBarFile(place, write);
        if (summary !== undefined) files[write.file.name] = summary;
      }
      await writeManifest(place.folder, {
        ...manifest,
        files,
        confirmedEmpty: unionRanges([...manifest.confirmedEmpty, ...confirmedEmpty]),
        updatedAt: this.#clock.now(),
      });
    });
  }

  /**
   * Cuts out the bars whose stamp lies in the range and forgets what was confirmed empty there. A series of which
   * nothing is left is forgotten.
   * @returns how many bars were removed.
   */
  async remove(key: SeriesKey, range: TimeRange): Promise<number> {
    this.#mayWrite();
    const place = this.#place(key);
    return this.#writers.run(place.folder, async () => {
      const survey = await surveySeries(place);
      if (survey === undefined) return 0;
      const manifest = {
        ...survey,
        confirmedEmpty: subtractRanges(survey.confirmedEmpty, [range]),
        updatedAt: this.#clock.now(),
      };
      // First, so that a crash on the way does not leave a removed bar looking like one that never was.
      await writeManifest(place.folder, manifest);
      const files = { ...manifest.files };
      let removed = 0;
      for (const file of await filesOf(place, range)) {
        const held = (await readBarFile(place, file, (barFile) => barFile.bars())) ?? emptyBars;
        const kept = concatBars([
          barsInRange(held, { start: -Infinity, end: range.start }),
          barsInRange(held, { start: Math.max(range.start, range.end), end: Infinity }),
        ]);
        if (barCount(kept) === barCount(held)) continue;
        removed += barCount(held) - barCount(kept);
        const summary = await writeBarFile(place, { file, bars: kept, calendar: manifest.calendar });
        if (summary === undefined) delete files[file.name];
        else files[file.name] = summary;
      }
      if (Object.keys(files).length === 0 && manifest.confirmedEmpty.length === 0) await forget(place);
      else await writeManifest(place.folder, { ...manifest, files });
      return removed;
    });
  }

  /** Waits for writes that are under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writers.idle();
  }

  #mayWrite(): void {
    if (this.#access === 'read') {
      throw new KtrdrError('failed_precondition', `The bar store in "${this.#root}" was opened for reading only.`);
    }
  }

  async #infoAt(folder: string, key: SeriesKey): Promise<SeriesInfo | undefined> {
    const place = this.#place(key);
    if (place.folder !== folder) {
      throw new KtrdrError(
        'data_corrupt',
        `The folder ${folder} holds ${seriesName(key)}, whose place is ${place.folder}. Move it there or away.`,
      );
    }
    return this.info(key);
  }

  #place(key: SeriesKey): SeriesPlace {
    return { folder: seriesFolder(this.#root, key), key };
  }

  async #readFiles<T>(
    key: SeriesKey,
    { range, token = CancellationToken.none }: { range: TimeRange | undefined; token?: CancellationToken },
    use: (file: BarFile, part?: TimeRange) => Promise<T>,
  ): Promise<T[]> {
    const place = this.#place(key);
    const parts: T[] = [];
    for (const file of await filesOf(place, range)) {
      token.throwIfCancelled(`the reading of ${seriesName(key)}`);
      const wanted =
        range !== undefined && (file.range.start < range.start || range.end < file.range.end) ? range : undefined;
      const part = await readBarFile(place, file, (barFile) => use(barFile, wanted));
      if (part !== undefined) parts.push(part);
    }
    return parts;
  }
}

function infoOf({ symbol, timeframe, calendar, confirmedEmpty, updatedAt, files }: Manifest): SeriesInfo {
  const summaries = Object.values(files).sort((a, b) => a.first - b.first);
  return {
    key: { symbol, timeframe },
    calendar,
    count: summaries.reduce((sum, { count }) => sum + count, 0),
    first: summaries[0]?.first,
    last: summaries.at(-1)?.last,
    confirmedEmpty,
    updatedAt,
  };
}

function emptyManifest({ symbol, timeframe }: SeriesKey, calendar: CalendarId): Manifest {
  return { version: 1, symbol, timeframe, calendar, confirmedEmpty: [], updatedAt: 0, files: {} };
}

/** Cuts bars, oldest first, into the parts that belong to one file each. */
function splitByFile({ timeframe }: SeriesKey, bars: Bars): { file: FileSpan; part: Bars }[] {
  const parts: { file: FileSpan; part: Bars }[] = [];
  for (let from = 0; from < barCount(bars);) {
    const file = fileOf(timeframe, bars.time[from] ?? 0);
    const to = indexAtOrAfter(bars.time, file.range.end);
    parts.push({ file, part: sliceBars(bars, from, to) });
    from = to;
  }
  return parts;
}

async function forget({ folder }: SeriesPlace): Promise<void> {
  await removeManifest(folder);
  await removeEmptyFolder(folder);
  await removeEmptyFolder(dirname(folder));
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
