import { KtrdrError } from '../base/index.ts';
import { calendarOf, expectedBars, finalBefore, type Bars, type CalendarId, type TimeRange } from '../market/index.ts';
import type { OperationContext, ServiceOrchestrator, StartedOperation, StartOptions } from '../operations/index.ts';
import type { BarProvider, Instrument } from './bar-provider.ts';
import type { BarStore, SeriesInfo, SeriesKey } from './bar-store/index.ts';
import { storedCoverage, type Coverage } from './coverage.ts';
import { DataJobManager } from './data-job-manager.ts';
import { loadBars, maxListedGaps, type LoadBarsContext, type LoadBarsInput, type LoadBarsResult } from './load-bars.ts';
import { loadEachSeries } from './load-each-series.ts';
import { loadSeries, type LoadSeriesInput, type LoadSeriesResult } from './load-series.ts';
import { patiently } from './patiently.ts';
import { planJobs } from './plan-jobs.ts';
import { rangeToLoad } from './range-to-load.ts';

interface DataManagerOptions {
  store: BarStore;
  provider: BarProvider;
  orchestrator: ServiceOrchestrator;
}

/** Market history: loads it as operations, reads it from the store, and knows what is missing. */
export class DataManager {
  readonly #store: BarStore;
  readonly #provider: BarProvider;
  readonly #jobs: DataJobManager;
  readonly #orchestrator: ServiceOrchestrator;

  constructor({ store, provider, orchestrator }: DataManagerOptions) {
    this.#store = store;
    this.#provider = provider;
    this.#jobs = new DataJobManager(store, provider);
    this.#orchestrator = orchestrator
      .register(loadBars, (input, context) => this.#load(input, context))
      .register(loadSeries, loadEachSeries);
  }

  load(input: LoadBarsInput, options?: StartOptions): StartedOperation<LoadBarsResult> {
    return this.#orchestrator.start(loadBars, input, options);
  }

  /** Every symbol in every timeframe, as one operation. */
  loadSeries(input: LoadSeriesInput, options?: StartOptions): StartedOperation<LoadSeriesResult> {
    return this.#orchestrator.start(loadSeries, input, options);
  }

  series(): Promise<SeriesInfo[]> {
    return this.#store.list();
  }

  /** @throws KtrdrError `not_found` when nothing of the series is stored. */
  async seriesInfo(key: SeriesKey): Promise<SeriesInfo> {
    const info = await this.#store.info(key);
    if (info !== undefined) return info;
    const load = `ktrdr data load ${key.symbol} -t ${key.timeframe}`;
    throw new KtrdrError(
      'not_found',
      `There is no ${key.symbol} ${key.timeframe} data in the store; load it with "${load}".`,
    );
  }

  /** @throws KtrdrError `not_found` when nothing of the series is stored. */
  async bars(key: SeriesKey, range?: TimeRange): Promise<Bars> {
    await this.seriesInfo(key);
    return this.#store.read(key, range);
  }

  /**
   * What the calendar expects in a range against what is there. A side that is left open is that of the first or the
   * last stored bar.
   */
  async coverage(
    key: SeriesKey,
    { start, end }: { start?: number | undefined; end?: number | undefined } = {},
  ): Promise<Coverage> {
    const { calendar, first = 0, last = -1 } = await this.seriesInfo(key);
    const span = { start: start ?? first, end: end ?? last + 1 };
    return storedCoverage(this.#store, key, expectedBars(calendarOf(calendar), key.timeframe, span));
  }

  async #load(input: LoadBarsInput, context: OperationContext<LoadBarsContext>): Promise<LoadBarsResult> {
    const { symbol, calendar, maxSpanMs } = await this.#source(input, context);
    const { timeframe, mode } = input;
    const key: SeriesKey = { symbol, timeframe };
    const range = await rangeToLoad(input, {
      held: heldRange(await this.#store.info(key)),
      finalBefore: finalBefore(calendarOf(calendar), timeframe, context.clock.now()),
      earliest: () => {
        context.progress.report({ phase: 'asking for the first bar' });
        return patiently(() => this.#provider.earliest(symbol, timeframe, context), context);
      },
    });
    const cells = expectedBars(calendarOf(calendar), timeframe, range ?? { start: 0, end: 0 });
    context.progress.report({ phase: 'looking for gaps' });
    const before = await storedCoverage(this.#store, key, cells);
    const jobs = mode === 'local' ? [] : planJobs(before.gaps, cells, { mode, maxSpanMs });
    const loaded = await this.#jobs.run({ key, calendar, jobs, planning: { mode, maxSpanMs } }, context);
    const { gaps, ...coverage } = jobs.length === 0 ? before : await storedCoverage(this.#store, key, cells);
    const stored = await this.#store.info(key);
    return {
      symbol,
      timeframe,
      mode,
      ...(range === undefined ? {} : { range: { ...range } }),
      loaded,
      stored: { bars: stored?.count ?? 0, ...heldRange(stored) },
      coverage,
      gaps: gaps.slice(0, maxListedGaps),
    };
  }

  /** The series' true name, its calendar, and how much one request may ask for. A `local` load takes them from the store. */
  async #source(
    { symbol, timeframe, mode }: LoadBarsInput,
    context: OperationContext<LoadBarsContext>,
  ): Promise<{ symbol: string; calendar: CalendarId; maxSpanMs: number }> {
    if (mode === 'local') {
      const { calendar } = await this.seriesInfo({ symbol, timeframe });
      return { symbol, calendar, maxSpanMs: 0 };
    }
    context.progress.report({ phase: `looking up ${symbol}` });
    const describe = (): Promise<Instrument> => this.#provider.describe(symbol, context);
    // Whoever starts a load is told at once that there is no source; a load that goes on knows that there was one.
    const goesOn = context.attempt > 1 || context.checkpoint.last !== undefined;
    const instrument = goesOn ? await patiently(describe, context) : await describe();
    if (!goesOn) context.checkpoint.save({ source: instrument.symbol });
    return { ...instrument, maxSpanMs: this.#provider.maxSpanMs(timeframe, instrument) };
  }
}

function heldRange(info: SeriesInfo | undefined): { first: number; last: number } | undefined {
  return info?.first === undefined || info.last === undefined ? undefined : { first: info.first, last: info.last };
}
