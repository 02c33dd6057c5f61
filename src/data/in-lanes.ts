import { CancellationSource, type CancellationToken } from '../async/index.ts';
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
  /** Not interrupted: looks at no token. */
  store(fetched: F, lane: Lane): Promise<void>;
}

interface LaneOptions {
  readonly atOnce: number;
  /** True where a result may be stored only behind all before it. */
  readonly inOrder: boolean;
  readonly token: CancellationToken;
}

/**
 * Carries jobs out side by side, begun in their order. After a failure none is begun any more; those under way end, but
 * where results are stored in order, those behind the failed one are given up.
 * @throws what the first job that failed ended with; `cancelled` when the token is.
 */
export async function inLanes<J, F>(jobs: readonly J[], steps: LaneSteps<J, F>, options: LaneOptions): Promise<void> {
  using run = new LaneRun(jobs, steps, options);
  await Promise.all(Array.from({ length: Math.min(options.atOnce, jobs.length) }, () => run.lane()));
  options.token.throwIfCancelled();
  if (run.failure !== undefined) throw run.failure.error;
}

interface Begun<J> extends Lane {
  readonly job: J;
  readonly claim: Disposable;
  /** Settles when all before it are stored or have failed. */
  readonly before: Promise<void>;
  readonly end: () => void;
}

class LaneRun<J, F> implements Disposable {
  readonly #jobs: readonly J[];
  readonly #steps: LaneSteps<J, F>;
  readonly #inOrder: boolean;
  readonly #sources: readonly CancellationSource[];
  readonly #turns = new KeyedQueue();
  #next = 0;
  #allBefore = Promise.resolve();
  #failure: { readonly index: number; readonly error: unknown } | undefined;

  constructor(jobs: readonly J[], steps: LaneSteps<J, F>, { inOrder, token }: LaneOptions) {
    this.#jobs = jobs;
    this.#steps = steps;
    this.#inOrder = inOrder;
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

  [Symbol.dispose](): void {
    for (const source of this.#sources) source[Symbol.dispose]();
  }

  async #begin(): Promise<Begun<J> | undefined> {
    const index = this.#next;
    const job = this.#jobs[index];
    const source = this.#sources[index];
    if (job === undefined || source === undefined || this.#failure !== undefined) return undefined;
    this.#next += 1;
    const { token } = source;
    try {
      const claim = await this.#steps.begin(job, { index, token });
      const before = this.#allBefore;
      let end = (): void => {};
      const ended = new Promise<void>((resolve) => (end = resolve));
      this.#allBefore = before.then(() => ended);
      return { index, token, job, claim, before, end };
    } catch (error) {
      this.#fail(index, error);
      return undefined;
    }
  }

  async #carryOut({ job, claim, before, end, ...lane }: Begun<J>): Promise<void> {
    using _ = claim;
    try {
      const fetched = await this.#steps.fetch(job, lane);
      if (this.#inOrder) await before;
      const isBehindFailure = this.#inOrder && this.#failure !== undefined && this.#failure.index < lane.index;
      if (!isBehindFailure) await this.#steps.store(fetched, lane);
    } catch (error) {
      this.#fail(lane.index, error);
    } finally {
      end();
    }
  }

  #fail(index: number, error: unknown): void {
    if (this.#failure !== undefined && this.#failure.index < index) return;
    this.#failure = { index, error };
    if (this.#inOrder) for (const source of this.#sources.slice(index + 1)) source.cancel();
  }
}
