import type { Progress } from '../async/index.ts';
import {
  barCount,
  barsInRange,
  calendarOf,
  emptyBars,
  finalBefore,
  indexAtOrAfter,
  type Bars,
  type CalendarId,
  type TimeRange,
} from '../market/index.ts';
import type { OperationContext } from '../operations/index.ts';
import type { BarProvider } from './bar-provider.ts';
import type { BarStore, SeriesKey } from './bar-store/index.ts';
import { emptyRanges, storedCoverage } from './coverage.ts';
import { KeyedQueue } from './keyed-queue.ts';
import type { LoadBarsContext, LoadBarsResult, LoadMode } from './load-bars.ts';
import { patiently } from './patiently.ts';
import { planJobs, sliceCells, type DataLoadingJob } from './plan-jobs.ts';

interface Assignment {
  readonly key: SeriesKey;
  readonly calendar: CalendarId;
  readonly jobs: readonly DataLoadingJob[];
  /** How the jobs were planned, and are planned again where another load has done a part of one. */
  readonly planning: { readonly mode: LoadMode; readonly maxSpanMs: number };
}

/** One load on its way through its jobs. */
interface Run extends Assignment {
  readonly context: OperationContext<LoadBarsContext>;
  /** What has been fetched and stored; grows. */
  readonly loaded: { bars: number; segments: number };
  /** Names each request once: no source has met the name, neither from this attempt nor from an earlier one. */
  readonly nextRequestId: () => string;
}

/**
 * How long a source may be late with a bar. That it is missing from an answer is no fact to remember before; feeds
 * without a subscription run 15 to 20 minutes behind.
 */
const lateMs = 30 * 60_000;

/**
 * Carries out planned requests one after the other. Each is durable before the next begins, so a stop loses nothing.
 * Loads of one series take turns, job by job, and what one has loaded meanwhile the others leave out. A source that does
 * not answer is asked again for a while; after that the load fails, and what is stored stays.
 */
export class DataJobManager {
  readonly #store: BarStore;
  readonly #provider: BarProvider;
  readonly #turns = new KeyedQueue();

  constructor(store: BarStore, provider: BarProvider) {
    this.#store = store;
    this.#provider = provider;
  }

  /** What was fetched and stored. */
  async run(assignment: Assignment, context: OperationContext<LoadBarsContext>): Promise<LoadBarsResult['loaded']> {
    const { key, jobs } = assignment;
    const { progress, token } = context;
    const series = `${key.symbol} ${key.timeframe}`;
    let requests = 0;
    // Named after the load, so that one id finds both in every log.
    const nextRequestId = (): string => `${context.id}-a${context.attempt}-${(requests += 1)}`;
    const run: Run = { ...assignment, context, loaded: { bars: 0, segments: 0 }, nextRequestId };
    progress.report({ phase: 'loading', done: 0, total: jobs.length });
    for (const [index, job] of jobs.entries()) {
      token.throwIfCancelled(`the load of ${series}`);
      if (this.#turns.isBusy(series)) progress.report({ phase: `waiting for another load of ${series}` });
      const part = progress.within(index / jobs.length, (index + 1) / jobs.length);
      await this.#turns.run(series, () => this.#carryOut(job, run, part), token);
      const { bars: loadedBars } = run.loaded;
      progress.report({ phase: 'loading', done: index + 1, total: jobs.length, context: { loadedBars } });
    }
    return run.loaded;
  }

  /** Fetches what is still missing of a job when its turn has come: all of it, unless another load was there meanwhile. */
  async #carryOut(job: DataLoadingJob, run: Run, progress: Progress<LoadBarsContext>): Promise<void> {
    const { key, planning } = run;
    progress.report({ phase: 'loading' });
    const { gaps, missing, expected } = await storedCoverage(this.#store, key, job.cells);
    const left = missing === expected ? [job] : planJobs(gaps, job.cells, planning);
    for (const part of left) await this.#load(part, run, progress);
  }

  async #load({ range, cells }: DataLoadingJob, run: Run, progress: Progress<LoadBarsContext>): Promise<void> {
    const { key, calendar, context, loaded } = run;
    context.token.throwIfCancelled(`the load of ${key.symbol} ${key.timeframe}`);
    const bars = await this.#fetch(range, run, progress);
    // From here to the end of the append nothing looks at the token: what has been fetched is kept.
    const settled = indexAtOrAfter(cells.cellEnd, context.clock.now() - lateMs);
    await this.#store.append(key, {
      calendar,
      bars,
      confirmedEmpty: emptyRanges(sliceCells(cells, 0, settled), bars.time),
    });
    context.log.info('segment loaded', { ...key, ...range, bars: barCount(bars) });
    loaded.bars += barCount(bars);
    loaded.segments += 1;
  }

  async #fetch(range: TimeRange, run: Run, progress: Progress<LoadBarsContext>): Promise<Bars> {
    const { key, calendar, context, nextRequestId } = run;
    const fetched = await patiently(() => {
      progress.report({ phase: 'loading' });
      return this.#provider.fetch({ ...key, range }, { ...context, id: nextRequestId(), progress });
    }, context);
    if (fetched.kind === 'empty') return emptyBars;
    // A source may add the bar that is still being formed; it would change, so it is not history yet.
    const final = finalBefore(calendarOf(calendar), key.timeframe, context.clock.now());
    return barsInRange(fetched.bars, { start: range.start, end: Math.min(range.end, final) });
  }
}
