import { z } from 'zod';
import { retry, type CancellationToken, type Progress } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import type { ModelName, ModelSource, ModelStore } from '../models/index.ts';
import type { OperationContext, OperationWork } from '../operations/index.ts';
import {
  AsyncServiceAdapter,
  getOperation,
  resumeOperation,
  type AdapterOptions,
  type RemoteContext,
} from '../service/index.ts';
import { getModelFile } from './model-file-endpoint.ts';
import { fetching } from './phases.ts';
import { trainModel, type TrainModelContext, type TrainModelInput, type TrainModelResult } from './train-model.ts';

/** With pauses of 2, 4, 8 and 16 s: a host that was restarted is back within them. */
const policy = { retries: 4, baseMs: 2_000, maxMs: 16_000 };

/**
 * What the record here keeps: which operation of the host does the work, the address of the host, and whether the host has
 * taken it, or may have, not having answered.
 */
const placeSchema = z.object({ hostOperation: z.string(), host: z.string(), isTaken: z.boolean().default(true) });

type Place = z.infer<typeof placeSchema>;
type TrainingContext = OperationContext<TrainModelContext>;

interface TrainingAdapterOptions extends AdapterOptions {
  /** Where the models come home to. */
  readonly models: Pick<ModelStore, 'adopt' | 'trainedBy'>;
}

/**
 * Trains on a training host: the same kind of work as `localTrainer`, done elsewhere, and its model taken home. The
 * checkpoints lie there; when the host was stopped meanwhile, or this end was, the training goes on from them as another
 * operation of the host.
 */
export class TrainingAdapter extends AsyncServiceAdapter {
  override readonly serviceName = 'training host';
  override readonly serviceType = 'training';
  readonly #models: TrainingAdapterOptions['models'];
  readonly #host: string;

  constructor({ models, ...options }: TrainingAdapterOptions) {
    super(options);
    this.#models = models;
    this.#host = options.config.baseUrl;
  }

  readonly train: OperationWork<TrainModelInput, TrainModelContext, TrainModelResult> = async (input, context) => {
    const { token, clock, progress, log, attempt, checkpoint } = context;
    let place = placeSchema.safeParse(checkpoint.last).data;
    const stopThere = (): Promise<TrainModelResult> =>
      this.#trainAs(place?.hostOperation ?? context.id, input, context);
    // Only to be stopped, as by a new process or once the host is back: the host still has to hear of it.
    if (token.isCancelled) return stopThere();
    // Somebody asked for it: then also what failed goes on.
    let isAsked = attempt === 1 && place !== undefined;
    let isTold = false;
    const once = async (): Promise<TrainModelResult> => {
      const hostOperation = place === undefined ? context.id : await this.#continuationOf(place, context, isAsked);
      isAsked = false;
      const at = (isTaken: boolean) => (): void => {
        if (!isTaken && place?.isTaken === true) return;
        place = { hostOperation, host: this.#host, isTaken };
        checkpoint.save(place);
      };
      try {
        return await this.#trainAs(hostOperation, input, { ...context, onAccepted: at(true), onUnanswered: at(false) });
      } finally {
        isTold = token.isCancelled;
      }
    };
    const again = (): Promise<TrainModelResult> =>
      once().catch((thrown: unknown) => Promise.reject(backSoon(thrown, token)));
    try {
      return await once().catch((thrown: unknown) => {
        // A host that never heard of the training is not waited for; one that went away over its start may be training.
        if (place === undefined || !backSoon(thrown, token).retryable) throw thrown;
        log.warn('the training host went away, waiting for it', { error: KtrdrError.from(thrown).message });
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
      });
    } catch (thrown) {
      // Between two tries nobody follows the training, who would have the host stop it.
      if (token.isCancelled && !isTold && place !== undefined) return stopThere();
      throw thrown;
    }
  };

  /** Trains as this operation of the host, and ends with a model that is here. */
  async #trainAs(
    id: string,
    input: TrainModelInput,
    context: RemoteContext<TrainModelContext>,
  ): Promise<TrainModelResult> {
    const progress = firstPart(context.progress, fetching.share[0]);
    const result = await this.run(trainModel, input, { ...context, progress, id });
    const model = await this.#bringHome(result, id, context);
    context.progress.report({ phase: '', done: 0, total: 0, fraction: 1 });
    return { ...result, model };
  }

  /** The model as it is named here: one that is here already, because both ends share a home or it came before, is not fetched. */
  async #bringHome(
    { model, weightsSha256 }: TrainModelResult,
    operation: string,
    context: TrainingContext,
  ): Promise<ModelName> {
    const held = await this.#models.trainedBy({ operation, name: model.name, weightsSha256 });
    if (held !== undefined) return held;
    const { token, progress, log } = context;
    const [from, to] = fetching.share;
    progress.report({ phase: fetching.name, done: 0, total: 0, fraction: from });
    const onProgress: ModelSource['onProgress'] = ({ bytes, of }) =>
      progress.report({ done: bytes, total: of, fraction: from + ((to - from) * bytes) / of });
    try {
      const read: ModelSource['read'] = async (file, offset) =>
        (await this.call(getModelFile, { params: { ...model, file }, query: { from: offset } }, context)).bytes;
      const { name, version } = await this.#models.adopt(
        { ...model, operation, weightsSha256, read, onProgress },
        token,
      );
      log.info('model fetched', { model: name, version, versionThere: model.version, weightsSha256 });
      return { name, version };
    } catch (thrown) {
      const { code, message, details } = KtrdrError.from(thrown);
      if (code === 'cancelled') throw thrown;
      throw new KtrdrError(
        code,
        `The training host at ${this.#host} has trained the model, which could not be fetched: ${message} \`ktrdr ops resume ${context.id}\` fetches it without training again.`,
        { cause: thrown, details },
      );
    }
  }

  /**
   * The operation of the host to join: the one before, or what goes on from it where it was stopped; one of its own where
   * the host has never heard of a start that it did not answer.
   * @throws KtrdrError `interrupted` when the host has lost it, and so has nothing to go on from; what says that the host
   * does not answer.
   */
  async #continuationOf(place: Place, context: TrainingContext, isAsked: boolean): Promise<string> {
    const params = { id: place.hostOperation };
    try {
      const { id, status, cancellation } = await this.call(getOperation, { params }, context);
      const hasEnded = status === 'failed' || status === 'cancelled';
      const goesOn = hasEnded && (isAsked || cancellation?.reason === 'shutdown');
      return goesOn ? (await this.call(resumeOperation, { params }, context)).id : id;
    } catch (thrown) {
      const error = KtrdrError.from(thrown);
      if (error.code === 'not_found' && !place.isTaken) return context.id;
      throw this.#outOfReach(error, place, context);
    }
  }

  /** What has become of the checkpoints when the host does not know the training, or does not answer. */
  #outOfReach(error: KtrdrError, { hostOperation, host, isTaken }: Place, { id }: TrainingContext): KtrdrError {
    const details = { ...error.details, operation: hostOperation, host };
    if (error.retryable) {
      const there = isTaken
        ? `What the training has reached is kept there; \`ktrdr ops resume ${id}\` continues from it.`
        : `It did not say whether it has begun the training; \`ktrdr ops resume ${id}\` continues it if so, and begins it if not.`;
      return new KtrdrError(error.code, `${error.message} ${there}`, { cause: error, details });
    }
    if (error.code !== 'not_found') return error;
    const fault =
      host === this.#host
        ? 'which does not know it any more, nor has its checkpoints. Start the training again.'
        : `where its checkpoints lie, and the training host at ${this.#host} does not know it. Set TRAINING_HOST_SERVICE_URL to the host that has them, or start the training again.`;
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

/** The progress of the work that comes before others: a part of the whole, with its own units. */
function firstPart<C>(progress: Progress<C>, share: number): Progress<C> {
  return {
    report: ({ fraction, ...update }) =>
      progress.report(fraction === undefined ? update : { ...update, fraction: fraction * share }),
    within: (from, to) => progress.within(from * share, to * share),
  };
}

/** A host that is being stopped cancels what runs, which nobody here has asked for: it can go on. */
function backSoon(thrown: unknown, token: CancellationToken): KtrdrError {
  const error = KtrdrError.from(thrown);
  const wasStopped = error.code === 'cancelled' && error.details['reason'] === 'shutdown' && !token.isCancelled;
  return wasStopped ? new KtrdrError('unavailable', error.message, { cause: error, details: error.details }) : error;
}
