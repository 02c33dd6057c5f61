import type { Clock } from '../async/index.ts';
import { calendarOf, expectedBars, finalBefore, type CalendarId } from '../market/index.ts';
import type { OperationContext, ServiceOrchestrator, StartedOperation, StartOptions } from '../operations/index.ts';
import { assessQualityOf, type AssessQualityContext, type AssessQualityInput } from './assess-quality.ts';
import type { BarProvider, Instrument } from './bar-provider.ts';
import type { BarStore, SeriesInfo, SeriesKey } from './bar-store/index.ts';
import { storedCoverage } from './coverage.ts';
import { DataJobManager } from './data-job-manager.ts';
import { loadBars, maxListedGaps, type LoadBarsContext, type LoadBarsInput, type LoadBarsResult } from './load-bars.ts';
import { loadEachSeries } from './load-each-series.ts';
import { loadSeries, type LoadSeriesInput, type LoadSeriesResult } from './load-series.ts';
import { patiently } from './patiently.ts';
import { planJobs } from './plan-jobs.ts';
import { assessQuality, type QualityReport } from './quality/index.ts';
import { rangeToLoad } from './range-to-load.ts';
import { StoredSeries, trueName, type Identify } from './stored-series.ts';
import { verifyBars } from './verify-bars.ts';
import {
  importBars,
  importFile,
  type ImportBarsContext,
  type ImportBarsInput,
  type ImportBarsResult,
} from './transfer/index.ts';

interface DataManagerOptions {
  store: BarStore;
  provider: BarProvider;
  orchestrator: ServiceOrchestrator;
  clock: Clock;
  /** Symbols are taken as they are written when absent. */
  identify?: Identify;
}

/** Market history: loads and imports it as operations; `stored` reads it, and knows what is missing. */
export class DataManager {
  readonly stored: StoredSeries;
  readonly #identify: Identify;
  readonly #store: BarStore;
  readonly #provider: BarProvider;
  readonly #jobs: DataJobManager;
  readonly #orchestrator: ServiceOrchestrator;

  constructor({ store, provider, orchestrator, clock, identify = (symbol) => ({ symbol }) }: DataManagerOptions) {
    this.stored = new StoredSeries({ store, identify, clock });
    this.#identify = identify;
    this.#store = store;
    this.#provider = provider;
    this.#jobs = new DataJobManager(store, provider);
    this.#orchestrator = orchestrator
      .register(loadBars, (input, context) => this.#load(input, context))
      .register(loadSeries, loadEachSeries)
      .register(importBars, (input, context) => this.#import(input, context))
      .register(assessQualityOf, (input, context) => this.#assess(input, context))
      .register(verifyBars, async ({ series }, { token }) =>
        store.verify(series === undefined ? undefined : (await this.stored.info(series)).key, token),
      );
  }

  load(input: LoadBarsInput, options?: StartOptions): StartedOperation<LoadBarsResult> {
    return this.#orchestrator.start(loadBars, input, options);
  }

  /** Every symbol in every timeframe, as one operation. */
  loadSeries(input: LoadSeriesInput, options?: StartOptions): StartedOperation<LoadSeriesResult> {
    return this.#orchestrator.start(loadSeries, input, options);
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

  #import(input: ImportBarsInput, context: OperationContext<ImportBarsContext>): Promise<ImportBarsResult> {
    const { symbol, calendar } = trueName(input.symbol, this.#identify);
    const key: SeriesKey = { symbol, timeframe: input.timeframe };
    return importFile(input, context, { store: this.#store, key, usualCalendar: calendar });
  }

  async #assess(
    { symbol, timeframe, start, end }: AssessQualityInput,
    { progress, token }: OperationContext<AssessQualityContext>,
  ): Promise<QualityReport> {
    const { key, calendar, first = 0, last = -1 } = await this.stored.info({ symbol, timeframe });
    progress.report({ phase: 'reading' });
    const bars = await this.#store.read(key, { start: start ?? first, end: end ?? last + 1 }, { token });
    progress.report({ phase: 'checking', fraction: 0.5 });
    return assessQuality(bars, { timeframe, calendar });
  }

  /** The series' true name, its calendar, and how much one request may ask for. A `local` load takes them from the store. */
  async #source(
    { symbol, timeframe, mode }: LoadBarsInput,
    context: OperationContext<LoadBarsContext>,
  ): Promise<{ symbol: string; calendar: CalendarId; maxSpanMs: number }> {
    if (mode === 'local') {
      const { key, calendar } = await this.stored.info({ symbol, timeframe });
      return { symbol: key.symbol, calendar, maxSpanMs: 0 };
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
