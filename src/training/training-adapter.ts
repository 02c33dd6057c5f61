import { CancellationToken, type Progress } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import type { ModelName, ModelSource, ModelStore } from '../models/index.ts';
import type { OperationContext, OperationWork } from '../operations/index.ts';
import {
  AsyncServiceAdapter,
  getOperation,
  inheritedDeadline,
  resumeOperation,
  type AdapterOptions,
  type RemoteContext,
} from '../service/index.ts';
import { HostedTraining } from './hosted-training.ts';
import { getModelFile } from './model-file-endpoint.ts';
import { fetching } from './phases.ts';
import { trainModel, type TrainModelContext, type TrainModelInput, type TrainModelResult } from './train-model.ts';

interface TrainingAdapterOptions extends AdapterOptions {
  /** The store that models are fetched into. */
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

  readonly train: OperationWork<TrainModelInput, TrainModelContext, TrainModelResult> = (input, context) =>
    new HostedTraining(context, {
      address: this.#host,
      get: (id) => this.call(getOperation, { params: { id } }, context),
      resume: (id) =>
        this.call(
          resumeOperation,
          { params: { id }, headers: inheritedDeadline(context) },
          { ...context, token: CancellationToken.none },
        ),
      train: (id, listeners) => this.#trainAs(id, input, { ...context, ...listeners }),
    }).run();

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
    context: OperationContext<TrainModelContext>,
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
}

/** The progress of the work that comes before others: a part of the whole, with its own units. */
function firstPart<C>(progress: Progress<C>, share: number): Progress<C> {
  return {
    report: ({ fraction, ...update }) =>
      progress.report(fraction === undefined ? update : { ...update, fraction: fraction * share }),
    within: (from, to) => progress.within(from * share, to * share),
  };
}
