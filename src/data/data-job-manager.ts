import {
  barCount,
  barsInRange,
  calendarOf,
  emptyBars,
  finalBefore,
  indexAtOrAfter,
  type Bars,
  type CalendarId,
} from '../market/index.ts';
import type { OperationContext } from '../operations/index.ts';
import type { BarProvider } from './bar-provider.ts';
import type { BarStore, SeriesKey } from './bar-store/index.ts';
import { emptyRanges, storedCoverage } from './coverage.ts';
import { KeyedQueue } from './keyed-queue.ts';
import type { LoadBarsContext, LoadBarsResult } from './load-bars.ts';
import { sliceCells, type DataLoadingJob } from './plan-jobs.ts';

interface Assignment {
  readonly key: SeriesKey;
  readonly calendar: CalendarId;
  readonly jobs: readonly DataLoadingJob[];
}

/** Where a job stands among those of its load. */
interface Place {
  readonly key: SeriesKey;
  readonly calendar: CalendarId;
  readonly index: number;
  readonly count: number;
}

/**
 * How long a source may be late with a bar. That it is missing from an answer is no fact to remember before; feeds
 * without a subscription run 15 to 20 minutes behind.
 */
const lateMs = 30 * 60_000;

/**
 * Carries out planned requests one after the other. Each is durable before the next begins, so a stop loses nothing.
 * Loads of one series take turns, request by request, and what one has loaded meanwhile the others leave out.
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
  async run(
    { key, calendar, jobs }: Assignment,
    context: OperationContext<LoadBarsContext>,
  ): Promise<LoadBarsResult['loaded']> {
    const { progress, token } = context;
    const loaded = { bars: 0, segments: 0 };
    const series = `${key.symbol} ${key.timeframe}`;
    progress.report({ phase: 'loading', done: 0, total: jobs.length });
    for (const [index, job] of jobs.entries()) {
      token.throwIfCancelled(`the load of ${series}`);
      if (this.#turns.isBusy(series)) progress.report({ phase: 'waiting for another load of the series' });
      const place = { key, calendar, index, count: jobs.length };
      const bars = await this.#turns.run(series, () => this.#carryOut(job, place, context), token);
      if (bars !== undefined) {
        loaded.bars += bars;
        loaded.segments += 1;
      }
      progress.report({ phase: 'loading', done: index + 1, total: jobs.length, context: { loadedBars: loaded.bars } });
    }
    return loaded;
  }

  /** The number of bars stored; undefined when there was nothing left to fetch. */
  async #carryOut(
    job: DataLoadingJob,
    place: Place,
    context: OperationContext<LoadBarsContext>,
  ): Promise<number | undefined> {
    const { key, calendar } = place;
    context.progress.report({ phase: 'loading' });
    const { missing } = await storedCoverage(this.#store, key, job.cells);
    if (missing === 0) return undefined;
    const bars = await this.#fetch(job, place, context);
    // From here to the end of the append nothing looks at the token: what has been fetched is kept.
    const settled = indexAtOrAfter(job.cells.cellEnd, context.clock.now() - lateMs);
    await this.#store.append(key, {
      calendar,
      bars,
      confirmedEmpty: emptyRanges(sliceCells(job.cells, 0, settled), bars.time),
    });
    context.log.info('segment loaded', { ...key, ...job.range, bars: barCount(bars) });
    return barCount(bars);
  }

  async #fetch(
    { range }: DataLoadingJob,
    { key, calendar, index, count }: Place,
    context: OperationContext<LoadBarsContext>,
  ): Promise<Bars> {
    const fetched = await this.#provider.fetch(
      { ...key, range },
      {
        ...context,
        // Named after the load, so that one id finds both in every log.
        id: `${context.id}-${index + 1}`,
        progress: context.progress.within(index / count, (index + 1) / count),
      },
    );
    if (fetched.kind === 'empty') return emptyBars;
    // A source may add the bar that is still being formed; it would change, so it is not history yet.
    const final = finalBefore(calendarOf(calendar), key.timeframe, context.clock.now());
    return barsInRange(fetched.bars, { start: range.start, end: Math.min(range.end, final) });
  }
}
