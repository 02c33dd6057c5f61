import { z } from 'zod';
import { retry, type CancellationToken } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import type { Operation, OperationContext, OperationWork } from '../operations/index.ts';
import { AsyncServiceAdapter, getOperation, resumeOperation, type CallContext } from '../service/index.ts';
import { trainModel, type TrainModelContext, type TrainModelInput, type TrainModelResult } from './train-model.ts';

/** With pauses of 2, 4, 8 and 16 s: a host that was restarted is back within them. */
const policy = { retries: 4, baseMs: 2_000, maxMs: 16_000 };

/** What the record here keeps: which operation of the host does the work. */
const placeSchema = z.object({ hostOperation: z.string() });

/**
 * Trains on a training host: the same kind of work as `localTrainer`, done elsewhere. The checkpoints lie there; when the
 * host was stopped meanwhile, or this end was, the training goes on from them as another operation of the host.
 */
export class TrainingAdapter extends AsyncServiceAdapter {
  override readonly serviceName = 'training host';
  override readonly serviceType = 'training';

  readonly train: OperationWork<TrainModelInput, TrainModelContext, TrainModelResult> = async (input, context) => {
    const { token, clock, progress, log, attempt, checkpoint } = context;
    let place = placeSchema.safeParse(checkpoint.last).data?.hostOperation;
    // Taken up by a new process after its cancel: the host still has to hear of it.
    if (token.isCancelled) return this.run(trainModel, input, { ...context, id: place ?? context.id });
    const goesOn = place !== undefined;
    // Somebody asked for it: then also what failed goes on.
    let isAsked = attempt === 1 && goesOn;
    const once = async (): Promise<TrainModelResult> => {
      const id = place === undefined ? context.id : await this.#continuationOf(place, context, isAsked);
      place = id;
      isAsked = false;
      checkpoint.save({ hostOperation: id });
      return this.run(trainModel, input, { ...context, id });
    };
    try {
      return await once();
    } catch (thrown) {
      // A host that never heard of the training is not waited for.
      const isKnownThere = goesOn || KtrdrError.from(thrown).details['operation'] !== undefined;
      if (!isKnownThere || !backSoon(thrown, token).retryable) throw thrown;
      log.warn('the training host went away, waiting for it', { error: KtrdrError.from(thrown).message });
    }
    const again = (): Promise<TrainModelResult> =>
      once().catch((thrown: unknown) => Promise.reject(backSoon(thrown, token)));
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
  };

  /** The operation of the host to join: the one before, or what goes on from it where it was stopped. */
  async #continuationOf(
    before: string,
    context: OperationContext<TrainModelContext>,
    isAsked: boolean,
  ): Promise<string> {
    const found = await this.#find(before, context);
    if (found === undefined) return context.id;
    const { status, cancellation } = found;
    const hasEnded = status === 'failed' || status === 'cancelled';
    const goesOn = hasEnded && (isAsked || cancellation?.reason === 'shutdown');
    return goesOn ? (await this.call(resumeOperation, { params: { id: before } }, context)).id : before;
  }

  async #find(id: string, within: CallContext): Promise<Operation | undefined> {
    try {
      return await this.call(getOperation, { params: { id } }, within);
    } catch (thrown) {
      if (KtrdrError.from(thrown).code === 'not_found') return undefined;
      throw thrown;
    }
  }
}

/** A host that is being stopped cancels what runs, which nobody here has asked for: it can go on. */
function backSoon(thrown: unknown, token: CancellationToken): KtrdrError {
  const error = KtrdrError.from(thrown);
  const wasStopped = error.code === 'cancelled' && error.details['reason'] === 'shutdown' && !token.isCancelled;
  return wasStopped ? new KtrdrError('unavailable', error.message, { cause: error, details: error.details }) : error;
}
