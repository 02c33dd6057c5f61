import { resolve } from 'node:path';
import { CancellationToken, inTurns, systemClock, type Clock } from '../../async/index.ts';
import { KtrdrError, silentLogger, type Logger } from '../../base/index.ts';
import { barsFromRows, concatBars, emptyBars, type Bars, type TimeRange } from '../../market/index.ts';
import { lockDirectory } from '../../operations/index.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { appendSegment, type LogLimits } from './append-segment.ts';
import type { AppendOutcome, BarSegment, SeriesRevision } from './bar-segment.ts';
import { checkSegment } from './check-segment.ts';
import { makeFolder, removeTemporaryFiles } from './durable-file.ts';
import { HeadCache } from './head-cache.ts';
import { addToLedger } from './ledger.ts';
import { LedgerCache } from './ledger-cache.ts';
import type { ProvenanceInterval } from './provenance.ts';
import { removeRange } from './remove-range.ts';
import { readRevisions } from './revisions.ts';
import { isOutdated, readHead, readKey } from './series-head.ts';
import { infoOf, unfinishedBar, type SeriesInfo } from './series-info.ts';
import { placeOf, seriesFolders, type SeriesPlace } from './series-place.ts';
import { SeriesView } from './series-view.ts';
import { seriesName, type SeriesKey } from './series.ts';
import { takeSnapshot, type DigestCache, type Snapshot } from './snapshot.ts';
import { verifyStore, type StoreReport } from './verify-store.ts';

export interface BarStoreOptions {
  /** A folder has one store that writes; any number may read along. `write` by default. */
  readonly access?: 'read' | 'write';
  readonly clock?: Clock;
  readonly log?: Logger;
  /** How far the log of a series' newest bars grows before it is saved with the files. */
  readonly logLimits?: LogLimits;
}

export interface ReadOptions {
  /** A cancel ends the reading before the next file. */
  readonly token?: CancellationToken;
  /** Appends the bar that is still being formed, if there is one in the range. */
  readonly includeUnfinished?: boolean;
}

/**
 * Bars on the disk. A series is Parquet files, one per year (one in all for session timeframes), whose pages and footer
 * carry their digests; a log of the newest bars; a ledger of what is known beside the bars; older values of revised
 * bars; and a manifest that names them all. Every change is one write at the end of the log or one replacement of the
 * manifest, so a crash leaves all of it or nothing, and a reader sees a series as it was at one moment. The store that
 * writes owns the folder until it is disposed of or its process ends; its calls may overlap as they like. A reader may
 * see an append a moment before it is durable.
 *
 * Any call throws `data_corrupt`, naming the file, where a file is not as it was written, and `failed_precondition`
 * where the disk refuses.
 */
export class BarStore implements AsyncDisposable {
  readonly #root: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** The claim to be the only writer; undefined for a store that only reads. */
  readonly #claim: Disposable | undefined;
  readonly #logLimits: LogLimits;
  /** Writers of one series take turns. Readers wait for nobody. */
  readonly #writers = new KeyedQueue();
  readonly #heads = new HeadCache();
  readonly #ledgers = new LedgerCache();
  readonly #digests: DigestCache = new Map();
  #isClosed = false;

  private constructor(root: string, claim: Disposable | undefined, options: BarStoreOptions) {
    const { clock = systemClock, log = silentLogger } = options;
    this.#root = root;
    this.#claim = claim;
    this.#clock = clock;
    this.#log = log;
    this.#logLimits = options.logLimits ?? { bars: 1000, bytes: 2 ** 18 };
  }

  /**
   * Opens the store in a folder, which is made when it is missing. To write, it claims the folder, and clears away what a
   * crash has left half-written; a claim ends with its process, however that ends.
   * @throws KtrdrError `conflict` when another store is open for writing there, `failed_precondition` where the disk
   * refuses.
   */
  static async open(directory: string, options: BarStoreOptions = {}): Promise<BarStore> {
    const root = resolve(directory);
    await makeFolder(root);
    if (options.access === 'read') return new BarStore(root, undefined, options);
    const claim = lockDirectory(root, { content: 'bars', otherwise: 'open the store for reading only' });
    try {
      await removeTemporaryFiles(root);
      return new BarStore(root, claim, options);
    } catch (error) {
      claim[Symbol.dispose]();
      throw error;
    }
  }

  /** All series, by symbol and timeframe. One that cannot be read is left out and logged. */
  async list(): Promise<SeriesInfo[]> {
    const infos: SeriesInfo[] = [];
    for (const { folder, timeframe } of await seriesFolders(this.#root)) {
      try {
        const key = await readKey(folder, timeframe);
        const info = key === undefined ? undefined : await this.#infoAt(folder, key);
        if (info !== undefined) infos.push(info);
      } catch (error) {
        this.#log.warn('a series is left out of the list, its files cannot be read', { folder, error });
      }
    }
    return infos.sort((a, b) => compareText(a.key.symbol, b.key.symbol));
  }

  /** What a series holds, or undefined when there is none. */
  async info(key: SeriesKey): Promise<SeriesInfo | undefined> {
    const known = await this.#ledgers.readWithHead(this.#place(key));
    return known === undefined ? undefined : infoOf(known.head, known.ledger);
  }

  /** The finished bars of a series, or those whose stamp lies in the range; none when nothing is stored. */
  async read(key: SeriesKey, range?: TimeRange, options: ReadOptions = {}): Promise<Bars> {
    const { token = CancellationToken.none, includeUnfinished = false } = options;
    await using view = await SeriesView.open(this.#place(key), range);
    if (view === undefined) return emptyBars;
    const bars = await view.bars({ range, token });
    const last = includeUnfinished ? unfinishedBar(view.head) : undefined;
    const isInRange =
      last !== undefined && (range === undefined || (range.start <= last.time && last.time < range.end));
    return isInRange ? concatBars([bars, barsFromRows([last])]) : bars;
  }

  /** As `read`, the time column alone. */
  async stamps(key: SeriesKey, range?: TimeRange): Promise<Float64Array> {
    await using view = await SeriesView.open(this.#place(key), range);
    return view === undefined ? new Float64Array() : await view.stamps(range);
  }

  /** Where the bars and the confirmed-empty ranges of a series, or of a range of it, came from; oldest first, disjoint. */
  async provenance(key: SeriesKey, range?: TimeRange): Promise<ProvenanceInterval[]> {
    const known = await this.#ledgers.readWithHead(this.#place(key));
    if (known === undefined) return [];
    const { provenance } = addToLedger(known.ledger, known.head.log);
    return provenance.filter(({ start, end }) => range === undefined || (start < range.end && range.start < end));
  }

  /** Older values of bars that came again with others, in the order in which they were replaced. */
  async revisions(key: SeriesKey, range?: TimeRange): Promise<SeriesRevision[]> {
    const place = this.#place(key);
    for (;;) {
      const head = await readHead(place);
      if (head === undefined) return [];
      try {
        return await readRevisions(place, { length: head.manifest.revisionBytes, range });
      } catch (error) {
        // A removal that replaced the manifest meanwhile took them away.
        if (!(await isOutdated(place, head))) throw error;
      }
    }
  }

  /**
   * Identifies the finished bars of a series, or of a range of it, by their content: equal for equal bars, wherever they
   * lie. Years that have not changed are not read again.
   */
  snapshot(key: SeriesKey, range?: TimeRange): Promise<Snapshot> {
    return takeSnapshot(this.#place(key), range, this.#digests);
  }

  /** Checks every byte of a series, or of all, and how the files fit together. Changes nothing. */
  verify(key?: SeriesKey, token = CancellationToken.none): Promise<StoreReport> {
    return verifyStore(this.#root, { key, token, alone: (folder, act) => this.#writers.run(folder, act, token) });
  }

  /**
   * Adds a finished segment; where a bar is held already the incoming one wins
   * unless the segment says otherwise, and the older values go to the revisions.
   * What is held already, value for value, is not written. Durable when it resolves, and until then the bars must not
   * be changed; a crash on the way leaves all of the segment or nothing, and so does a cancel.
   * @throws KtrdrError `data_corrupt` for bars that break a rule, `invalid_input` for stamps or ranges that do not fit
   * the timeframe, answers with numbers that are none, or hours of no day, `conflict` for another calendar than the series has, or where the
   * segment refuses what is held otherwise; nothing is written then. `failed_precondition`
   * where the disk has too little space or refuses; the series is as it was then, or holds the whole segment.
   */
  async append(key: SeriesKey, segment: BarSegment, token = CancellationToken.none): Promise<AppendOutcome> {
    this.#mayWrite();
    return this.#write(key, async (place) => {
      await inTurns(checkSegment(key, segment), { token });
      const found = await this.#heads.load(place);
      const { outcome, head } = await appendSegment(place, {
        segment,
        head: found,
        readLedger: (current) => this.#ledgers.read(place, current),
        limits: this.#logLimits,
        now: this.#clock.now(),
        token,
      });
      // A series that has no file yet is not worth remembering. Beside one whose manifest was lost or older there may be
      // more than this write has replaced: the next one looks again.
      if (head.isSaved && found?.isSaved !== false) await this.#heads.keep(place, head);
      return outcome;
    });
  }

  /**
   * Cuts out the bars whose stamp lies in the range and forgets what was known there. A series of which nothing is left
   * is forgotten, with its revisions.
   * @returns how many bars were removed.
   */
  async remove(key: SeriesKey, range: TimeRange): Promise<number> {
    this.#mayWrite();
    return this.#write(key, async (place) => {
      const head = await this.#heads.load(place, range);
      if (head === undefined) return 0;
      const ledger = await this.#ledgers.read(place, head);
      const result = await removeRange(place, range, { head, ledger, now: this.#clock.now() });
      this.#heads.forget(place);
      return result.removed;
    });
  }

  /** Waits for writes that are under way, and gives the folder back. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#writers.idle();
    this.#claim?.[Symbol.dispose]();
  }

  #write<T>(key: SeriesKey, act: (place: SeriesPlace) => Promise<T>): Promise<T> {
    const place = this.#place(key);
    return this.#writers.run(place.folder, async () => {
      try {
        return await act(place);
      } catch (error) {
        // After a failure only the disk knows what is on it.
        this.#heads.forget(place);
        throw error;
      }
    });
  }

  #mayWrite(): void {
    const why = this.#claim === undefined ? 'was opened for reading only' : 'is closed';
    if (this.#claim !== undefined && !this.#isClosed) return;
    throw new KtrdrError('failed_precondition', `The bar store in "${this.#root}" ${why}; nothing was changed.`);
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
    return placeOf(this.#root, key);
  }
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
