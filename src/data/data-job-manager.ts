import {
  barCount,
  barsInRange,
  calendarOf,
  emptyBars,
  finalBefore,
  type Bars,
  type CalendarId,
} from '../market/index.ts';
import type { OperationContext } from '../operations/index.ts';
import type { BarProvider } from './bar-provider.ts';
import type { BarStore, SeriesKey } from './bar-store/index.ts';
import { emptyRanges } from './coverage.ts';
import type { LoadBarsContext } from './load-bars.ts';
import type { DataLoadingJob } from './plan-jobs.ts';

interface Assignment {
  readonly key: SeriesKey;
  readonly calendar: CalendarId;
  readonly jobs: readonly DataLoadingJob[];
}

/** Carries out planned requests one after the other. Each is durable before the next begins, so a stop loses nothing. */
export class DataJobManager {
  readonly #store: BarStore;
  readonly #provider: BarProvider;

  constructor(store: BarStore, provider: BarProvider) {
    this.#store = store;
    this.#provider = provider;
  }

  /** The number of bars stored. */
  async run({ key, calendar, jobs }: Assignment, context: OperationContext<LoadBarsContext>): Promise<number> {
    const { progress } = context;
    let loadedBars = 0;
    progress.report({ phase: 'loading', done: 0, total: jobs.length });
    for (const [index, job] of jobs.entries()) {
      context.token.throwIfCancelled(`the load of ${key.symbol} ${key.timeframe}`);
      const bars = await this.#fetch(job, { key, calendar, index, count: jobs.length }, context);
      // From here to the end of the append nothing looks at the token: what has been fetched is kept.
      await this.#store.append(key, {
        calendar,
        bars,
        confirmedEmpty: emptyRanges(job.cells, bars.time),
      });
      loadedBars += barCount(bars);
      progress.report({ phase: 'loading', done: index + 1, total: jobs.length, context: { loadedBars } });
      context.log.info('segment loaded', { ...key, ...job.range, bars: barCount(bars) });
    }
    return loadedBars;
  }

  async #fetch(
    { range }: DataLoadingJob,
    { key, calendar, index, count }: { key: SeriesKey; calendar: CalendarId; index: number; count: number },
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
