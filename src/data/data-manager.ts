import type { Clock } from '../async/index.ts';
import {
  calendarOf,
  departingDays,
  emptyBars,
  expectedRuns,
  finalBefore,
  parseReportedHours,
  type BarRun,
  type CalendarId,
  type ReportedDay,
  type TimeRange,
  type TradingCalendar,
} from '../market/index.ts';
import type {
  OperationContext,
  OperationContract,
  ServiceOrchestrator,
  StartedOperation,
  StartOptions,
} from '../operations/index.ts';
import { asking } from './asking.ts';
import {
  assessQualityOf,
  type AssessQualityContext,
  type AssessQualityInput,
  type QualityOfSeries,
} from './assess-quality.ts';
import type { AskedWithin, BarOrigin, BarProvider, Instrument } from './bar-provider.ts';
import type { BarStore, SeriesInfo, SeriesKey } from './bar-store/index.ts';
import { coverageOf, storedCoverage, type Coverage } from './coverage.ts';
import { DataJobManager } from './data-job-manager.ts';
import { loadBars, maxListedGaps, type LoadBarsContext, type LoadBarsInput, type LoadBarsResult } from './load-bars.ts';
import { loadEachSeries } from './load-each-series.ts';
import { loadSeries, type LoadSeriesInput, type LoadSeriesResult } from './load-series.ts';
import { patiently } from './patiently.ts';
import { planJobs, type DataLoadingJob, type Planning } from './plan-jobs.ts';
import { planLoad, type LoadPlan } from './plan-load.ts';
import { assessInThread } from './quality/index.ts';
import { rangeToLoad } from './range-to-load.ts';
import { StoredSeries, trueName, type Identify } from './stored-series.ts';
import { storedStretches } from './stretches.ts';
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

/** The series' true name, its calendar, and how much one request may ask for. */
interface Source {
  readonly symbol: string;
  readonly calendar: CalendarId;
  /** The calendar's days, with what is known beside its rules. */
  readonly days: TradingCalendar;
  /** The hours that the source reports; none where neither they nor earlier ones depart from the rules. */
  readonly hours: readonly ReportedDay[];
  readonly maxSpanMs: number;
  readonly origin?: BarOrigin | undefined;
}

/** What a load is answerable for, what there was of it, and what it will ask for. */
interface FoundJobs {
  readonly range: TimeRange | undefined;
  readonly runs: readonly BarRun[];
  readonly before: Coverage;
  readonly jobs: readonly DataLoadingJob[];
  readonly planning: Planning;
}

/** Market history: loads and imports it as operations; `stored` reads it, and knows what is missing. */
export class DataManager {
  readonly stored: StoredSeries;
  readonly #identify: Identify;
  readonly #store: BarStore;
  readonly #provider: BarProvider;
  readonly #jobs: DataJobManager;
  readonly #clock: Clock;
  readonly #orchestrator: ServiceOrchestrator;

  constructor({ store, provider, orchestrator, clock, identify = (symbol) => ({ symbol }) }: DataManagerOptions) {
    this.stored = new StoredSeries({ store, identify, clock });
    this.#identify = identify;
    this.#store = store;
    this.#provider = provider;
    this.#clock = clock;
    this.#jobs = new DataJobManager(store, provider);
    const nameOf = (symbol: string): string => this.stored.nameOf(symbol);
    const named = <I extends { symbol: string }>(input: I): I => ({ ...input, symbol: nameOf(input.symbol) });
    this.#orchestrator = orchestrator
      .register(begunWith(loadBars, named), (input, context) => this.#load(input, context))
      .register(
        begunWith(loadSeries, (input) => ({ ...input, symbols: input.symbols.map(nameOf) })),
        loadEachSeries(nameOf),
      )
      .register(begunWith(importBars, named), (input, context) => this.#import(input, context))
      .register(begunWith(assessQualityOf, named), (input, context) => this.#assess(input, context))
      .register(
        begunWith(verifyBars, ({ series }) => (series === undefined ? {} : { series: named(series) })),
        async ({ series }, { token }) =>
          store.verify(series === undefined ? undefined : await this.stored.keyOf(series), token),
      );
  }

  load(input: LoadBarsInput, options?: StartOptions): StartedOperation<LoadBarsResult> {
    return this.#orchestrator.start(loadBars, input, options);
  }

  /** Every symbol in every timeframe, as one operation. */
  loadSeries(input: LoadSeriesInput, options?: StartOptions): StartedOperation<LoadSeriesResult> {
    return this.#orchestrator.start(loadSeries, input, options);
  }

  /** What a load of this input would ask for now. Writes nothing. @throws KtrdrError as the load would. */
  async planLoad(input: LoadBarsInput, within: AskedWithin): Promise<LoadPlan & { symbol: string }> {
    const { timeframe, mode } = input;
    const source = mode === 'local' ? await this.#storedSource(input) : await this.#describedSource(input, within);
    const earliest = (): Promise<number | undefined> => this.#provider.earliest(source.symbol, timeframe, within);
    const { jobs } = await this.#findJobs(input, { source, now: this.#clock.now(), earliest });
    return { symbol: source.symbol, ...planLoad(jobs, { timeframe, provider: this.#provider }) };
  }

  async #load(input: LoadBarsInput, context: OperationContext<LoadBarsContext>): Promise<LoadBarsResult> {
    const source = await this.#source(input, context);
    const { symbol, calendar, days, hours } = source;
    const { timeframe, mode } = input;
    const key: SeriesKey = { symbol, timeframe };
    await this.#keepHours(key, source);
    const ask = (): Promise<number | undefined> => this.#provider.earliest(symbol, timeframe, context);
    const earliest = (): Promise<number | undefined> =>
      patiently(() => asking('asking for the first bar', ask, context), context);
    context.progress.report({ phase: 'looking for gaps', context: { symbol } });
    const storedBefore = this.#jobs.storedSoFar(key);
    const found = await this.#findJobs(input, { source, now: context.clock.now(), earliest });
    const { range, runs, before, jobs, planning } = found;
    const done = await this.#jobs.run(
      { key, calendar, days, hours, runs, jobs, storedBefore, origin: source.origin, planning },
      context,
    );
    const { gaps, ...coverage } = jobs.length === 0 ? before : await storedCoverage(this.#store, key, runs);
    const stored = await this.#store.info(key);
    return {
      symbol,
      timeframe,
      mode,
      ...(range === undefined ? {} : { range: { ...range } }),
      ...done,
      stored: { bars: stored?.count ?? 0, ...heldRange(stored) },
      coverage,
      gaps: gaps.slice(0, maxListedGaps),
    };
  }

  /** So that whoever asks later counts the same expected bars as this load does, also when it has nothing to store. */
  async #keepHours(key: SeriesKey, { calendar, hours }: Source): Promise<void> {
    if (hours.length > 0) await this.#store.append(key, { calendar, bars: emptyBars, confirmedEmpty: [], hours });
  }

  /** What is missing of what a load is answerable for, and the requests that would bring it. */
  async #findJobs(
    input: LoadBarsInput,
    { source, now, earliest }: { source: Source; now: number; earliest: () => Promise<number | undefined> },
  ): Promise<FoundJobs> {
    const { timeframe, mode } = input;
    const key: SeriesKey = { symbol: source.symbol, timeframe };
    const range = await rangeToLoad(input, {
      held: heldRange(await this.#store.info(key)),
      finalBefore: finalBefore(source.days, timeframe, now),
      earliest,
    });
    const runs = expectedRuns(source.days, timeframe, range ?? { start: 0, end: 0 });
    const stretches = await storedStretches(this.#store, key, runs);
    const estimateMs = (requests: readonly number[]): number => this.#provider.estimateMs(requests, timeframe);
    const planning: Planning = { mode, maxSpanMs: source.maxSpanMs, estimateMs };
    const jobs = mode === 'local' ? [] : planJobs(stretches, planning);
    return { range, runs, before: coverageOf(stretches), jobs, planning };
  }

  #import(input: ImportBarsInput, context: OperationContext<ImportBarsContext>): Promise<ImportBarsResult> {
    const { symbol, calendar } = trueName(input.symbol, this.#identify);
    const key: SeriesKey = { symbol, timeframe: input.timeframe };
    return importFile(input, context, { store: this.#store, key, usualCalendar: calendar });
  }

  async #assess(
    { symbol, timeframe, start, end }: AssessQualityInput,
    context: OperationContext<AssessQualityContext>,
  ): Promise<QualityOfSeries> {
    const { key, calendar, hours, first = 0, last = -1 } = await this.stored.info({ symbol, timeframe });
    const { progress, token } = context;
    progress.report({ phase: 'reading', context: { symbol: key.symbol } });
    const bars = await this.#store.read(key, { start: start ?? first, end: end ?? last + 1 }, { token });
    progress.report({ phase: 'checking', fraction: 0.5 });
    const report = await assessInThread({ bars, timeframe, calendar, hours }, context);
    progress.report({ phase: '', fraction: 1 });
    return { symbol: key.symbol, timeframe, ...report };
  }

  /** A `local` load takes it from the store. */
  async #source(input: LoadBarsInput, context: OperationContext<LoadBarsContext>): Promise<Source> {
    if (input.mode === 'local') return this.#storedSource(input);
    const describe = (): Promise<Source> =>
      asking(`looking up ${input.symbol}`, () => this.#describedSource(input, context), context);
    // Whoever starts a load is told at once that there is no source; a load that goes on knows that there was one.
    const goesOn = context.attempt > 1 || context.checkpoint.last !== undefined;
    const source = goesOn ? await patiently(describe, context) : await describe();
    if (!goesOn) context.checkpoint.save({ source: source.symbol });
    return source;
  }

  async #storedSource({ symbol, timeframe }: LoadBarsInput): Promise<Source> {
    const { key, calendar, hours } = await this.stored.info({ symbol, timeframe });
    return { symbol: key.symbol, calendar, days: calendarOf(calendar, hours), hours: [], maxSpanMs: 0 };
  }

  async #describedSource({ symbol, timeframe }: LoadBarsInput, within: AskedWithin): Promise<Source> {
    const instrument = await this.#provider.describe(symbol, within);
    const { calendar, origin } = instrument;
    const held = (await this.#store.info({ symbol: instrument.symbol, timeframe }))?.hours ?? [];
    const reported = reportedDays(instrument);
    const departing = departingDays(calendarOf(calendar), [...held, ...reported]);
    return {
      symbol: instrument.symbol,
      calendar,
      days: calendarOf(calendar, departing),
      hours: held.length + departing.length === 0 ? [] : reported,
      maxSpanMs: this.#provider.maxSpanMs(timeframe, instrument),
      origin,
    };
  }
}

/** The contract, with another input for the progress that is shown before the work says anything: names as they are stored. */
function begunWith<I, C, R>(contract: OperationContract<I, C, R>, shown: (input: I) => I): OperationContract<I, C, R> {
  return { ...contract, begin: (input) => contract.begin(shown(input)) };
}

/** What the source says of the days around now; where that cannot be read the rules are all there is. */
function reportedDays({ hours = '', timeZone }: Instrument): ReportedDay[] {
  if (timeZone === undefined) return [];
  try {
    return parseReportedHours(hours, timeZone);
  } catch {
    return [];
  }
}

function heldRange(info: SeriesInfo | undefined): { first: number; last: number } | undefined {
  return info?.first === undefined || info.last === undefined ? undefined : { first: info.first, last: info.last };
}
