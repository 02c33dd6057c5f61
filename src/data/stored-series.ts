import type { Clock } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import {
  calendarOf,
  concatBars,
  expectedRuns,
  finalBefore,
  sliceBars,
  timeframeMs,
  type Bars,
  type CalendarId,
  type TimeRange,
  type Timeframe,
  type TradingCalendar,
} from '../market/index.ts';
import { absencesOf, type Absence } from './absences.ts';
import type { BarStore, SeriesInfo, SeriesKey, Snapshot } from './bar-store/index.ts';
import { coverageByPeriod, type CoveragePeriod, type PeriodKind } from './coverage-picture.ts';
import { coverageOf, type Coverage } from './coverage.ts';
import { storedStretches, type Stretch } from './stretches.ts';

/** The name under which the bars of an instrument are kept, whatever its spelling, and where it trades if that follows. */
export type Identify = (symbol: string) => { symbol: string; calendar?: CalendarId };

/** `[start, end)`; a side that is left open is that of the first or the last stored bar. */
export interface OpenSpan {
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

/** What the store has of a series under its symbol as it is written or, failing that, under its true name. */
export async function storedInfo(store: BarStore, key: SeriesKey, identify: Identify): Promise<SeriesInfo | undefined> {
  return (await store.info(key)) ?? (await store.info({ ...key, symbol: trueName(key.symbol, identify).symbol }));
}

/** What is no symbol to the source may still be the name of something that was imported. */
export function trueName(symbol: string, identify: Identify): ReturnType<Identify> {
  try {
    return identify(symbol);
  } catch {
    return { symbol };
  }
}

/** What is stored, read under any spelling of its symbol, against what the calendar expects. */
export class StoredSeries {
  readonly #store: BarStore;
  readonly #identify: Identify;
  readonly #clock: Clock;

  constructor({ store, identify, clock }: { store: BarStore; identify: Identify; clock: Clock }) {
    this.#store = store;
    this.#identify = identify;
    this.#clock = clock;
  }

  list(): Promise<SeriesInfo[]> {
    return this.#store.list();
  }

  /** The name under which a series is kept, also when it is too damaged to be read. @throws KtrdrError as `info`. */
  async keyOf(key: SeriesKey): Promise<SeriesKey> {
    for (const symbol of [key.symbol, this.nameOf(key.symbol)]) {
      const named = { ...key, symbol };
      try {
        if ((await this.#store.info(named)) !== undefined) return named;
      } catch (error) {
        if (error instanceof KtrdrError && error.code === 'data_corrupt') return named;
        throw error;
      }
    }
    throw this.#notStored(key);
  }

  /** @throws KtrdrError `not_found` when nothing of the series is stored. */
  async info(key: SeriesKey): Promise<SeriesInfo> {
    const info = await storedInfo(this.#store, key, this.#identify);
    if (info === undefined) throw this.#notStored(key);
    return info;
  }

  /** What the bars of an instrument are kept under, whatever its spelling; `info` tells it of what is stored. */
  nameOf(symbol: string): string {
    return trueName(symbol, this.#identify).symbol;
  }

  /**
   * The oldest `limit` bars of a span, for whoever takes them page by page: the next page begins behind the stamp of the
   * last bar, and one that is not full is the last. No more is read than about one page.
   */
  async page(key: SeriesKey, { start, end, limit }: OpenSpan & { limit: number }): Promise<Bars> {
    const { key: stored, first = 0, last = -1 } = await this.info(key);
    const until = Math.min(end ?? Infinity, last + 1);
    const parts: Bars[] = [];
    let count = 0;
    let from = Math.max(start ?? -Infinity, first);
    // Markets close for most of a day; what is read too much is dropped, what is too little is added to.
    for (let reach = limit * timeframeMs(stored.timeframe) * 2; from < until && count < limit; reach *= 2) {
      const part = await this.#store.read(stored, { start: from, end: Math.min(from + reach, until) });
      parts.push(part);
      count += part.time.length;
      from += reach;
    }
    return sliceBars(concatBars(parts), 0, Math.min(limit, count));
  }

  /** The newest `limit` bars of a span, oldest first. No more is read than about as many. */
  async newest(key: SeriesKey, { start, end, limit }: OpenSpan & { limit: number }): Promise<Bars> {
    const { key: stored, first = 0, last = -1 } = await this.info(key);
    const from = Math.max(start ?? -Infinity, first);
    const parts: Bars[] = [];
    let count = 0;
    let until = Math.min(end ?? Infinity, last + 1);
    for (let reach = limit * timeframeMs(stored.timeframe) * 2; from < until && count < limit; reach *= 2) {
      const part = await this.#store.read(stored, { start: Math.max(until - reach, from), end: until });
      parts.unshift(part);
      count += part.time.length;
      until -= reach;
    }
    return sliceBars(concatBars(parts), Math.max(0, count - limit), count);
  }

  /** What the bars of a span are by content, and what the store names them by. */
  async snapshot(key: SeriesKey, { start = -Infinity, end = Infinity }: OpenSpan = {}): Promise<Snapshot> {
    const { key: stored } = await this.info(key);
    return this.#store.snapshot(stored, { start, end });
  }

  async coverage(key: SeriesKey, span: OpenSpan = {}): Promise<Coverage> {
    return coverageOf((await this.#expected(key, span)).stretches);
  }

  async coverageBy(by: PeriodKind, key: SeriesKey, span: OpenSpan = {}): Promise<CoveragePeriod[]> {
    return coverageByPeriod(by, (await this.#expected(key, span)).stretches);
  }

  /** Where there is no bar, and why; also the closures of the market when `all` is set. */
  async absences(key: SeriesKey, { all, ...span }: OpenSpan & { all: boolean }): Promise<Absence[]> {
    const { calendar, timeframe, range, stretches } = await this.#expected(key, span);
    const final = finalBefore(calendar, timeframe, this.#clock.now());
    return absencesOf({ calendar, timeframe, range, stretches, finalBefore: final, all });
  }

  /**
   * Cuts bars out, and forgets what is known to be empty there; also of a series that is too damaged to be read.
   * @returns under which name, and how many bars were removed.
   */
  async remove(
    key: SeriesKey,
    { start = -Infinity, end = Infinity }: OpenSpan,
  ): Promise<{ key: SeriesKey; removed: number }> {
    const stored = await this.keyOf(key);
    return { key: stored, removed: await this.#store.remove(stored, { start, end }) };
  }

  #notStored({ symbol, timeframe }: SeriesKey): KtrdrError {
    const name = this.nameOf(symbol);
    const load = `ktrdr data load ${name} -t ${timeframe}`;
    return new KtrdrError('not_found', `There is no ${name} ${timeframe} data in the store; load it with "${load}".`);
  }

  async #expected(
    key: SeriesKey,
    { start, end }: OpenSpan,
  ): Promise<{ calendar: TradingCalendar; timeframe: Timeframe; range: TimeRange; stretches: Stretch[] }> {
    const { key: stored, first = 0, last = -1, ...info } = await this.info(key);
    const { timeframe } = stored;
    const calendar = calendarOf(info.calendar, info.hours);
    const range = { start: start ?? first, end: end ?? last + 1 };
    const runs = expectedRuns(calendar, timeframe, range);
    return { calendar, timeframe, range, stretches: await storedStretches(this.#store, stored, runs) };
  }
}
