import { retry, type CancellationToken } from '../async/index.ts';
import { isCancelled, KtrdrError } from '../base/index.ts';
import type { Operation, OperationContext } from '../operations/index.ts';
import type { RemoteContext } from '../service/index.ts';
import { hostPlaceOf, stoppedElsewhere, type HostPlace } from './host-place.ts';
import type { TrainModelContext, TrainModelResult } from './train-model.ts';

/** With pauses of 2, 4, 8 and 16 s: a host that was restarted is back within them. */
const policy = { retries: 4, baseMs: 2_000, maxMs: 16_000 };

/** A training host, as one training needs it. */
export interface TrainingHost {
  readonly address: string;
  readonly get: (id: string) => Promise<Operation>;
  /** Not to be broken off by a cancel: of what it begins, nobody would know the id. */
  readonly resume: (id: string) => Promise<Operation>;
  /** Starts or joins this operation of the host; ends with a model that is here. */
  readonly train: (
    id: string,
    listeners?: Pick<RemoteContext<never>, 'onAccepted' | 'onUnanswered'>,
  ) => Promise<TrainModelResult>;
}

/** One attempt at a training on a host, whatever becomes of the host meanwhile. */
export class HostedTraining {
  readonly #context: OperationContext<TrainModelContext>;
  readonly #host: TrainingHost;
  #place: HostPlace | undefined;
  /** Somebody resumes it: then also what failed goes on. */
  #isAsked: boolean;
  /** The host was told of the cancel, or could not be told. */
  #isTold = false;

  constructor(context: OperationContext<TrainModelContext>, host: TrainingHost) {
    this.#context = context;
    this.#host = host;
    const place = hostPlaceOf(context.checkpoint.last);
    this.#place = place;
    // A record of an older program does not say by whom; there, a second attempt counts as going on by itself.
    const keptBy = place?.keptBy ?? (context.attempt === 1 ? undefined : context.id);
    this.#isAsked = place !== undefined && keptBy !== context.id;
  }

  async run(): Promise<TrainModelResult> {
    const { token } = this.#context;
    // Only to be stopped, as by a new process or once the host is back: the host still has to hear of it.
    if (token.isCancelled) return this.#stop();
    try {
      return await this.#persistently();
    } catch (thrown) {
      if (!token.isCancelled || this.#isTold || this.#place === undefined) throw thrown;
      // Between two tries nobody follows the training, who would have the host stop it.
      return await this.#stop();
    }
  }

  /** Joins it with a token that is cancelled, which has the host stop it. */
  async #stop(): Promise<TrainModelResult> {
    const { id, token } = this.#context;
    const place = this.#place ?? { hostOperation: id, host: this.#host.address, isTaken: false };
    try {
      return await this.#host.train(place.hostOperation);
    } catch (thrown) {
      const isUnknown = KtrdrError.from(thrown).details['unknown'] === true;
      // That another host does not know it says nothing about the one that may be training.
      throw isUnknown && place.host !== this.#host.address ? stoppedElsewhere(place, token.reason ?? 'user') : thrown;
    }
  }

  async #persistently(): Promise<TrainModelResult> {
    const { token, clock, progress, log } = this.#context;
    try {
      return await this.#once();
    } catch (thrown) {
      // A host that never heard of the training is not waited for; one that went away over its start may be training.
      if (this.#place === undefined || !backSoon(thrown, token).retryable) throw thrown;
      log.warn('the training host went away, waiting for it', { error: KtrdrError.from(thrown).message });
    }
    const again = (): Promise<TrainModelResult> =>
      this.#once().catch((thrown: unknown) => Promise.reject(backSoon(thrown, token)));
    return retry(again, {
      policy,
      token,
      clock,
      random: () => 1,
      onRetry: (_, number, pauseMs) =>
        progress.report({
          phase: `the training host does not answer, trying again in ${Math.ceil(pauseMs / 1_000)} s (${number} of ${policy.retries})`,
        }),
    });
  }

  async #once(): Promise<TrainModelResult> {
    const { id, token } = this.#context;
    const before = this.#place;
    const hostOperation = before === undefined ? id : await this.#continuationOf(before);
    const mayMeetOldCancel = this.#isAsked && hostOperation === before?.hostOperation;
    this.#isAsked = false;
    try {
      return await this.#trainAs(hostOperation);
    } catch (thrown) {
      if (!mayMeetOldCancel || !isCancelled(thrown) || token.isCancelled) throw thrown;
      // The cancel before it was resumed has reached the host only now: it goes on from there.
      this.#isAsked = true;
      return await this.#once();
    }
  }

  async #trainAs(hostOperation: string): Promise<TrainModelResult> {
    const { token } = this.#context;
    try {
      return await this.#host.train(hostOperation, {
        onAccepted: () => this.#keep({ hostOperation, isTaken: true }),
        onUnanswered: () => {
          // What the host has, it has.
          if (this.#place?.isTaken !== true) this.#keep({ hostOperation, isTaken: false });
        },
      });
    } finally {
      this.#isTold = token.isCancelled;
    }
  }

  #keep(place: Pick<HostPlace, 'hostOperation' | 'isTaken'>): void {
    const { id, checkpoint } = this.#context;
    this.#place = { ...place, host: this.#host.address, keptBy: id };
    checkpoint.save(this.#place);
  }

  /**
   * The operation of the host to join: the one before, or what goes on from it where it was stopped; one of its own where
   * the host has never heard of a start that it did not answer.
   * @throws KtrdrError `interrupted` when the host has lost it, and so has nothing to go on from; what says that the host
   * does not answer.
   */
  async #continuationOf(place: HostPlace): Promise<string> {
    const { get, resume } = this.#host;
    try {
      const { id, status, cancellation } = await get(place.hostOperation);
      const hasEnded = status === 'failed' || status === 'cancelled';
      const goesOn = hasEnded && (this.#isAsked || cancellation?.reason === 'shutdown');
      if (!goesOn) return id;
      const { id: continuation } = await resume(id);
      // From now on this is what would have to be stopped.
      this.#keep({ hostOperation: continuation, isTaken: true });
      return continuation;
    } catch (thrown) {
      const error = KtrdrError.from(thrown);
      if (error.code === 'not_found' && !place.isTaken) return this.#context.id;
      throw this.#outOfReach(error, place);
    }
  }

  /** What has become of the checkpoints when the host does not know the training, or does not answer. */
  #outOfReach(error: KtrdrError, { hostOperation, host, isTaken }: HostPlace): KtrdrError {
    const { id } = this.#context;
    const { address } = this.#host;
    const details = { ...error.details, operation: hostOperation, host };
    if (error.retryable) {
      const there = isTaken
        ? `What the training has reached is kept there; \`ktrdr ops resume ${id}\` continues from it.`
        : `It did not say whether it has begun the training; \`ktrdr ops resume ${id}\` continues it if so, and begins it if not.`;
      return new KtrdrError(error.code, `${error.message} ${there}`, { cause: error, details });
    }
    if (error.code !== 'not_found') return error;
    const fault =
      host === address
        ? 'which does not know it any more, nor has its checkpoints. Start the training again.'
        : `where its checkpoints lie, and the training host at ${address} does not know it. Set TRAINING_HOST_SERVICE_URL to the host that has them, or start the training again.`;
    return new KtrdrError(
      'interrupted',
      `The training continued as operation "${hostOperation}" at ${host}, ${fault}`,
      {
        cause: error,
        details,
      },
    );
  }
}

/** A host that is being stopped cancels what runs, which nobody here has asked for: it can go on. */
function backSoon(thrown: unknown, token: CancellationToken): KtrdrError {
  const error = KtrdrError.from(thrown);
  const wasStopped = error.code === 'cancelled' && error.details['reason'] === 'shutdown' && !token.isCancelled;
  return wasStopped ? new KtrdrError('unavailable', error.message, { cause: error, details: error.details }) : error;
}
