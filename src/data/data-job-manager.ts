import type { Progress } from '../async/index.ts';
import {
  barCount,
  barsInRange,
  concatBars,
  emptyBars,
  finalBefore,
  intersectRanges,
  runsWithin,
  type BarRun,
  type Bars,
  type CalendarId,
  type ReportedDay,
  type TimeRange,
  type TradingCalendar,
} from '../market/index.ts';
import type { OperationContext } from '../operations/index.ts';
import type { BarOrigin, BarProvider } from './bar-provider.ts';
import type { BarSegment, BarStore, Provenance, SeriesKey } from './bar-store/index.ts';
import { coverageOf, emptyRanges } from './coverage.ts';
import { inLanes, type Fetched, type Lane } from './in-lanes.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { LaneProgress } from './lane-progress.ts';
import { maxListedSplits, type LoadBarsContext, type LoadBarsResult, type MetSplit } from './load-bars.ts';
import { planJobs, type DataLoadingJob, type Planning } from './plan-jobs.ts';
import { RangeClaims } from './range-claims.ts';
import { SharedPatience } from './shared-patience.ts';
import { splitsAtEdges } from './splits-at-edges.ts';
import { storedStretches } from './stretches.ts';

interface Assignment {
  readonly key: SeriesKey;
  readonly calendar: CalendarId;
  /** The calendar's days, with what is known beside its rules. */
  readonly days: TradingCalendar;
  /** The hours that the source reports, to be kept with the bars. */
  readonly hours: readonly ReportedDay[];
  readonly jobs: readonly DataLoadingJob[];
  /** The bars that are expected where the jobs are. */
  readonly runs: readonly BarRun[];
  /** What the bars are asked for with, as far as the source tells. */
  readonly origin?: BarOrigin | undefined;
  /** What `storedSoFar` said before the jobs were planned. */
  readonly storedBefore: number;
  /** How the jobs were planned, and are planned again where another load has done a part of one. */
  readonly planning: Planning;
}

/** One load on its way through its jobs. */
interface Run extends Assignment {
  readonly context: OperationContext<LoadBarsContext>;
  readonly series: string;
  readonly lanes: LaneProgress<LoadBarsContext>;
  /** What has been fetched and stored; grows. */
  readonly loaded: { bars: number; segments: number };
  /** Where that met what was stored in prices of before a split; grows. */
  readonly probableSplits: MetSplit[];
  /** What `storedSoFar` says as long as no other load has stored anything since the plan; grows with what this one stores. */
  readonly expected: { storedSoFar: number };
  readonly patience: SharedPatience;
  /** Names each request once: no source has met the name, neither from this attempt nor from an earlier one. */
  readonly nextRequestId: () => string;
}

interface FetchedPart {
  readonly part: DataLoadingJob;
  readonly bars: Bars;
  readonly provenance: Provenance;
}

const unknownOrigin: BarOrigin = { source: 'unknown', settings: {} };

/**
 * How long a source may be late with a bar. That it is missing from an answer is no fact to remember before; feeds
 * without a subscription run 15 to 20 minutes behind.
 */
const lateMs = 30 * 60_000;

/**
 * Carries out planned requests, as many at a time as the source takes. Each is stored durably as soon as it is there,
 * where answers come fast together with those of the next half second; and, unless every hole is looked for anyway, as
 * soon as all before it are: what a load that stopped has stored borders on what was there. Two loads never work on the same stretch of a series, and what one has loaded meanwhile the other leaves out. A
 * source that does not answer is asked again for a while; after that the load fails, and what is stored stays.
 */
export class DataJobManager {
  readonly #store: BarStore;
  readonly #provider: BarProvider;
  readonly #claims = new RangeClaims();
  readonly #appends = new KeyedQueue();
  readonly #stored = new Map<string, number>();

  constructor(store: BarStore, provider: BarProvider) {
    this.#store = store;
    this.#provider = provider;
  }

  /** Counts how often loads have stored something of a series: a plan that is as old as this holds while it stays. */
  storedSoFar(key: SeriesKey): number {
    return this.#stored.get(nameOf(key)) ?? 0;
  }

  /** What was fetched and stored, and what there is to say of it. */
  async run(
    assignment: Assignment,
    context: OperationContext<LoadBarsContext>,
  ): Promise<Pick<LoadBarsResult, 'loaded' | 'probableSplits'>> {
    const { key, jobs, planning, storedBefore } = assignment;
    let requests = 0;
    using patience = new SharedPatience();
    const run: Run = {
      ...assignment,
      context,
      series: nameOf(key),
      lanes: new LaneProgress(context.progress, { phase: 'loading', jobs: jobs.length }),
      loaded: { bars: 0, segments: 0 },
      probableSplits: [],
      expected: { storedSoFar: storedBefore },
      patience,
      // Named after the load, so that one id finds both in every log.
      nextRequestId: () => `${context.id}-a${context.attempt}-${(requests += 1)}`,
    };
    await inLanes<DataLoadingJob, readonly FetchedPart[]>(
      jobs,
      {
        begin: (job, lane) => this.#claim(job, run, lane),
        fetch: (job, lane) => this.#fetchMissing(job, run, lane),
        store: (results) => this.#storeResults(results, run),
      },
      {
        atOnce: this.#provider.requestsAtOnce,
        isContiguous: planning.mode !== 'full',
        token: context.token,
        clock: context.clock,
      },
    );
    const { loaded, probableSplits } = run;
    return { loaded, ...(probableSplits.length === 0 ? {} : { probableSplits }) };
  }

  #claim({ range }: DataLoadingJob, { series, lanes }: Run, { index, token }: Lane): Promise<Disposable> {
    if (!this.#claims.isFree(series, range)) {
      lanes.lane(index).report({ phase: `waiting for another load of ${series}` });
    }
    return this.#claims.claim(series, range, token);
  }

  /** Fetches what is still missing of a job when its turn has come: all of it, unless another load was there meanwhile. */
  async #fetchMissing(job: DataLoadingJob, run: Run, lane: Lane): Promise<readonly FetchedPart[]> {
    const progress = run.lanes.lane(lane.index);
    progress.report({ phase: 'loading' });
    const isAsPlanned = this.storedSoFar(run.key) === run.expected.storedSoFar;
    const left = isAsPlanned ? [job] : await this.#stillMissing(job, run);
    const parts: FetchedPart[] = [];
    for (const [index, part] of left.entries()) {
      const own = progress.within(index / left.length, (index + 1) / left.length);
      parts.push({ part, ...(await this.#fetch(part.range, run, { ...lane, progress: own })) });
    }
    return parts;
  }

  async #stillMissing(job: DataLoadingJob, { key, runs, planning }: Run): Promise<readonly DataLoadingJob[]> {
    const stretches = await storedStretches(this.#store, key, runsWithin(runs, job.range));
    return coverageOf(stretches).missing === job.missing ? [job] : planJobs(stretches, planning);
  }

  /** One append for all, because a store that is handed many small pieces is busy with its files. */
  async #storeResults(results: readonly Fetched<readonly FetchedPart[]>[], run: Run): Promise<void> {
    const { key, calendar, hours, runs, context, loaded, lanes, series } = run;
    const parts = results.flatMap(({ result }) => result).toSorted((a, b) => a.part.range.start - b.part.range.start);
    const settled = context.clock.now() - lateMs;
    const confirmedEmpty = parts.flatMap(({ part: { range, gaps }, bars }) => {
      const asked = runsWithin(runs, { start: range.start, end: Math.min(range.end, settled) });
      // Of bars that are held, an answer without them says nothing.
      return intersectRanges(emptyRanges(asked, bars.time), gaps);
    });
    const all = concatBars(parts.map(({ bars }) => bars));
    if (parts.length > 0) {
      const provenance = parts.map((one) => ({ ...one.provenance, ...one.part.range }));
      const segment = { calendar, bars: all, confirmedEmpty, provenance, hours };
      await this.#appends.run(series, () => this.#append(run, segment));
    }
    for (const { part, bars } of parts) {
      context.log.info('segment loaded', { ...key, ...part.range, bars: barCount(bars) });
    }
    for (const { bars } of parts) await this.#lookForSplits(run, bars);
    loaded.segments += parts.length;
    for (const { index } of results) lanes.finish(index, { loadedBars: loaded.bars });
  }

  async #append({ key, series, loaded, expected }: Run, segment: BarSegment): Promise<void> {
    try {
      const { added, revised } = await this.#store.append(key, segment);
      // Bars that were held and came once more between two gaps are nothing that was loaded.
      loaded.bars += added + revised.count;
    } finally {
      // Also where it failed: what the disk holds then is not known without looking.
      this.#stored.set(series, this.storedSoFar(key) + 1);
      expected.storedSoFar += 1;
    }
  }

  async #lookForSplits({ key, jobs, context, probableSplits }: Run, bars: Bars): Promise<void> {
    const isOfLoad = (stamp: number): boolean =>
      jobs.some(({ gaps }) => gaps.some(({ start, end }) => start <= stamp && stamp < end));
    for (const met of await splitsAtEdges(this.#store, { key, bars, isOfLoad })) {
      context.log.warn('loaded bars meet stored ones as the prices of a split do', { ...key, ...met });
      if (probableSplits.length < maxListedSplits) probableSplits.push(met);
    }
  }

  async #fetch(
    range: TimeRange,
    { key, days, origin = unknownOrigin, context, series, patience, nextRequestId }: Run,
    { token, progress }: Pick<Lane, 'token'> & { readonly progress: Progress<LoadBarsContext> },
  ): Promise<Omit<FetchedPart, 'part'>> {
    token.throwIfCancelled(`the load of ${series}`);
    const within = { ...context, token, progress };
    let requestId = '';
    const fetched = await patience.ask((asked) => {
      progress.report({ phase: 'loading' });
      requestId = nextRequestId();
      return this.#provider.fetch({ ...key, range }, { ...within, token: asked, id: requestId });
    }, within);
    const provenance = { ...origin, requestId, fetchedAt: context.clock.now() };
    if (fetched.kind === 'empty') return { bars: emptyBars, provenance };
    // A source may add the bar that is still being formed; it would change, so it is not history yet.
    const final = finalBefore(days, key.timeframe, context.clock.now());
    const bars = barsInRange(fetched.bars, { start: range.start, end: Math.min(range.end, final) });
    return { bars, provenance };
  }
}

function nameOf({ symbol, timeframe }: SeriesKey): string {
  return `${symbol} ${timeframe}`;
}
