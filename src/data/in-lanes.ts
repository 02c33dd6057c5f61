import { CancellationSource, type CancellationToken, type Clock } from '../async/index.ts';
import { KeyedQueue } from './keyed-queue.ts';

/** One job on its way. */
export interface Lane {
  readonly index: number;
  /** Cancelled with the whole, and when a job before it has failed whose result would have to be stored first. */
  readonly token: CancellationToken;
}

/** What is done for each job. */
export interface LaneSteps<J, F> {
  /** Before a job is begun, one job after the other; what it gives is disposed when the job has ended. */
  begin(job: J, lane: Lane): Promise<Disposable>;
  /** Side by side. */
  fetch(job: J, lane: Lane): Promise<F>;
  /**
   * Results of jobs that follow each other, as many as have come together since others were stored: where they come
   * faster than they are stored, storing pauses in between, so that fewer and larger parts are. Looks at no token.
   */
  store(results: readonly Fetched<F>[]): Promise<void>;
}

export interface Fetched<F> {
  readonly index: number;
  readonly result: F;
}

interface LaneOptions {
  readonly atOnce: number;
  /** True where nothing may be stored behind a job that failed. */
  readonly isContiguous: boolean;
  readonly token: CancellationToken;
  readonly clock: Clock;
}

/**
 * Carries jobs out side by side, begun and stored in their order. After a failure none is begun any more; what is under
 * way ends and is stored, unless it would have to be contiguous with what failed.
 * @throws what the first job that failed ended with; `cancelled` when the token is.
 */
export async function inLanes<J, F>(jobs: readonly J[], steps: LaneSteps<J, F>, options: LaneOptions): Promise<void> {
  using run = new LaneRun(jobs, steps, options);
  await Promise.all(Array.from({ length: Math.min(options.atOnce, jobs.length) }, () => run.lane()));
  await run.allStored();
  options.token.throwIfCancelled();
  if (run.failure !== undefined) throw run.failure.error;
}

interface Begun<J> extends Lane {
  readonly job: J;
  readonly claim: Disposable;
}

interface Waiting<F> extends Fetched<F> {
  /** Called when it is stored, or given up. */
  readonly end: () => void;
}

/** So many results for each lane but the first may wait to be stored before no more is fetched: one lane alone never runs ahead. */
const waitingPerLane = 4;

/** Of the time that storing took; so much passes before the next, unless nothing more can come meanwhile. */
const gatheringPart = 2;
const longestGatheringMs = 500;

class LaneRun<J, F> implements Disposable {
  readonly #jobs: readonly J[];
  readonly #steps: LaneSteps<J, F>;
  readonly #isContiguous: boolean;
  readonly #sources: readonly CancellationSource[];
  readonly #turns = new KeyedQueue();
  readonly #fetched = new Map<number, Waiting<F>>();
  readonly #failed = new Set<number>();
  readonly #ends: Promise<void>[] = [];
  readonly #mostWaiting: number;
  readonly #clock: Clock;
  #nextToBegin = 0;
  #nextToStore = 0;
  #isStoring = false;
  #fetching = 0;
  #gathering: CancellationSource | undefined;
  #failure: { readonly index: number; readonly error: unknown } | undefined;

  constructor(jobs: readonly J[], steps: LaneSteps<J, F>, { atOnce, isContiguous, token, clock }: LaneOptions) {
    this.#jobs = jobs;
    this.#steps = steps;
    this.#isContiguous = isContiguous;
    this.#mostWaiting = (atOnce - 1) * waitingPerLane;
    this.#clock = clock;
    this.#sources = jobs.map(() => new CancellationSource(token));
  }

  /** That of the first job in order that failed. */
  get failure(): { readonly index: number; readonly error: unknown } | undefined {
    return this.#failure;
  }

  async lane(): Promise<void> {
    for (;;) {
      const begun = await this.#turns.run('begin', () => this.#begin());
      if (begun === undefined) return;
      await this.#carryOut(begun);
    }
  }

  async allStored(): Promise<void> {
    await Promise.all(this.#ends);
  }

  [Symbol.dispose](): void {
    for (const source of this.#sources) source[Symbol.dispose]();
  }

  async #begin(): Promise<Begun<J> | undefined> {
    const index = this.#nextToBegin;
    const job = this.#jobs[index];
    const source = this.#sources[index];
    if (job === undefined || source === undefined || this.#failure !== undefined) return undefined;
    this.#nextToBegin += 1;
    const { token } = source;
    try {
      return { index, token, job, claim: await this.#steps.begin(job, { index, token }) };
    } catch (error) {
      this.#fail(index, error);
      return undefined;
    }
  }

  async #carryOut({ job, claim, ...lane }: Begun<J>): Promise<void> {
    const { index } = lane;
    try {
      const result = await this.#fetch(job, lane);
      const ended = new Promise<void>((resolve) => {
        const end = (): void => {
          claim[Symbol.dispose]();
          resolve();
        };
        this.#fetched.set(index, { index, result, end });
      });
      this.#ends.push(ended);
      void this.#storeFetched();
      if (!this.#canGatherMore) this.#gathering?.cancel();
      if (this.#fetched.size >= this.#mostWaiting) await ended;
    } catch (error) {
      claim[Symbol.dispose]();
      this.#fail(index, error);
    }
  }

  async #fetch(job: J, lane: Lane): Promise<F> {
    this.#fetching += 1;
    try {
      return await this.#steps.fetch(job, lane);
    } finally {
      this.#fetching -= 1;
    }
  }

  /** Stores while there is something to store. Never rejects. */
  async #storeFetched(): Promise<void> {
    if (this.#isStoring) return;
    this.#isStoring = true;
    for (let batch = this.#takeBatch(); batch.length > 0; batch = this.#takeBatch()) {
      const begunAt = this.#clock.elapsed();
      try {
        await this.#steps.store(batch);
      } catch (error) {
        for (const { index } of batch) this.#fail(index, error);
      }
      for (const { end } of batch) end();
      await this.#gather(this.#clock.elapsed() - begunAt);
    }
    this.#isStoring = false;
    for (const [index, { end }] of this.#fetched) {
      if (!this.#isGivenUp(index)) continue;
      this.#fetched.delete(index);
      end();
    }
  }

  async #gather(storedMs: number): Promise<void> {
    const ms = Math.min(longestGatheringMs, gatheringPart * storedMs);
    if (ms === 0 || !this.#canGatherMore) return;
    using gathering = new CancellationSource();
    this.#gathering = gathering;
    await this.#clock.sleep(ms, gathering.token).catch(() => {});
    this.#gathering = undefined;
  }

  get #canGatherMore(): boolean {
    return this.#fetching > 0 && this.#fetched.size < this.#mostWaiting && this.#failure === undefined;
  }

  #takeBatch(): Waiting<F>[] {
    const batch: Waiting<F>[] = [];
    for (; !this.#isGivenUp(this.#nextToStore); this.#nextToStore += 1) {
      if (this.#failed.has(this.#nextToStore)) continue;
      const next = this.#fetched.get(this.#nextToStore);
      if (next === undefined) break;
      this.#fetched.delete(next.index);
      batch.push(next);
    }
    return batch;
  }

  #isGivenUp(index: number): boolean {
    return this.#isContiguous && this.#failure !== undefined && this.#failure.index <= index;
  }

  #fail(index: number, error: unknown): void {
    this.#failed.add(index);
    if (this.#failure === undefined || index < this.#failure.index) this.#failure = { index, error };
    if (this.#isContiguous) for (const source of this.#sources.slice(index + 1)) source.cancel();
    this.#gathering?.cancel();
    void this.#storeFetched();
  }
}
