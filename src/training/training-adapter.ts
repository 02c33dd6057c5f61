import { z } from 'zod';
import { retry, type CancellationToken } from '../async/index.ts';
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
import { trainModel, type TrainModelContext, type TrainModelInput, type TrainModelResult } from './train-model.ts';

/** With pauses of 2, 4, 8 and 16 s: a host that was restarted is back within them. */
const policy = { retries: 4, baseMs: 2_000, maxMs: 16_000 };

/** What the record here keeps: which operation does the work, and the address of the host that has taken it. */
const placeSchema = z.object({ hostOperation: z.string(), host: z.string() });

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
    // Taken up by a new process after its cancel: the host still has to hear of it.
    if (token.isCancelled) return this.#trainAs(place?.hostOperation ?? context.id, input, context);
    // Somebody asked for it: then also what failed goes on.
    let isAsked = attempt === 1 && place !== undefined;
    let isPerhapsThere = false;
    const once = async (): Promise<TrainModelResult> => {
      const id = place === undefined ? context.id : await this.#continuationOf(place, context, isAsked);
      isAsked = false;
      const onAccepted = (): void => {
        place = { hostOperation: id, host: this.#host };
        checkpoint.save(place);
      };
      const onUnanswered = (): void => {
        isPerhapsThere = true;
      };
      return this.#trainAs(id, input, { ...context, onAccepted, onUnanswered });
    };
    try {
      return await once();
    } catch (thrown) {
      // A host that never heard of the training is not waited for; one that went away over its start may be training.
      if ((place === undefined && !isPerhapsThere) || !backSoon(thrown, token).retryable) throw thrown;
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

  /** Trains as this operation of the host, and ends with a model that is here. */
  async #trainAs(
    id: string,
    input: TrainModelInput,
    context: RemoteContext<TrainModelContext>,
  ): Promise<TrainModelResult> {
    const result = await this.run(trainModel, input, { ...context, id });
    return { ...result, model: await this.#bringHome(result, id, context) };
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
    progress.report({ phase: 'fetching the model' });
    try {
      const read: ModelSource['read'] = async (file, from) =>
        (await this.call(getModelFile, { params: { ...model, file }, query: { from } }, context)).bytes;
      const { name, version } = await this.#models.adopt({ ...model, operation, weightsSha256, read }, token);
      log.info('model fetched', { model: name, version, versionThere: model.version, weightsSha256 });
      progress.report({ phase: '' });
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
   * The operation of the host to join: the one before, or what goes on from it where it was stopped.
   * @throws KtrdrError `interrupted` when the host does not know it, and so has nothing to go on from; what says that the
   * host does not answer.
   */
  async #continuationOf(place: Place, context: TrainingContext, isAsked: boolean): Promise<string> {
    const params = { id: place.hostOperation };
    try {
      const { id, status, cancellation } = await this.call(getOperation, { params }, context);
      const hasEnded = status === 'failed' || status === 'cancelled';
      const goesOn = hasEnded && (isAsked || cancellation?.reason === 'shutdown');
      return goesOn ? (await this.call(resumeOperation, { params }, context)).id : id;
    } catch (thrown) {
      throw this.#outOfReach(KtrdrError.from(thrown), place, context);
    }
  }

  /** What has become of the checkpoints when the host does not know the training, or does not answer. */
  #outOfReach(error: KtrdrError, { hostOperation, host }: Place, { id }: TrainingContext): KtrdrError {
    const details = { ...error.details, operation: hostOperation, host };
    if (error.retryable) {
      const there = `What the training has reached is kept there; \`ktrdr ops resume ${id}\` goes on from it.`;
      return new KtrdrError(error.code, `${error.message} ${there}`, { cause: error, details });
    }
    if (error.code !== 'not_found') return error;
    const fault =
      host === this.#host
        ? 'which does not know it any more, nor has its checkpoints. Start the training again.'
        : `where its checkpoints lie, and the training host at ${this.#host} does not know it. Set TRAINING_HOST_SERVICE_URL to the host that has them, or start the training again.`;
    return new KtrdrError('interrupted', `The training went on as operation "${hostOperation}" at ${host}, ${fault}`, {
      cause: error,
      details,
    });
  }
}

/** A host that is being stopped cancels what runs, which nobody here has asked for: it can go on. */
function backSoon(thrown: unknown, token: CancellationToken): KtrdrError {
  const error = KtrdrError.from(thrown);
  const wasStopped = error.code === 'cancelled' && error.details['reason'] === 'shutdown' && !token.isCancelled;
  return wasStopped ? new KtrdrError('unavailable', error.message, { cause: error, details: error.details }) : error;
}
