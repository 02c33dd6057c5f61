import type { CancelReason } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import {
  decodeResult,
  type Operation,
  type OperationPage,
  type OperationWork,
  type PageRequest,
  type ServiceOrchestrator,
  type StartedOperation,
  type StartOptions,
} from '../operations/index.ts';
import {
  planOf,
  trainModel,
  type TrainModelContext,
  type TrainModelInput,
  type TrainModelResult,
} from './train-model.ts';

interface TrainingManagerOptions {
  readonly orchestrator: ServiceOrchestrator;
  /** Where trainings run: `localTrainer(…)` here, `TrainingAdapter.train` on a host. */
  readonly work: OperationWork<TrainModelInput, TrainModelContext, TrainModelResult>;
  /** What a training needs a slot of; nothing where it only waits for a host. */
  readonly resource?: string;
}

/** Trainings as operations. */
export class TrainingManager {
  readonly #orchestrator: ServiceOrchestrator;

  constructor({ orchestrator, work, resource }: TrainingManagerOptions) {
    this.#orchestrator = orchestrator.register(trainModel, work, resource === undefined ? {} : { resource });
  }

  /** @throws KtrdrError `invalid_input` with every place of the strategy that is wrong. */
  train(input: TrainModelInput, options?: StartOptions): StartedOperation<TrainModelResult> {
    planOf(input);
    return this.#orchestrator.start(trainModel, input, options);
  }

  /** @throws KtrdrError `not_found` when there is no such training. */
  get(id: string): Operation {
    const operation = this.#orchestrator.operations.find(id);
    if (operation?.type === trainModel.type) return operation;
    throw new KtrdrError('not_found', `There is no training "${id}".`);
  }

  /** Newest first. @throws KtrdrError `invalid_input` for a cursor that no page gave. */
  list(page: Pick<PageRequest, 'limit' | 'cursor' | 'status'> = {}): OperationPage {
    return this.#orchestrator.operations.list({ ...page, type: trainModel.type });
  }

  /** What a training ended with. @throws KtrdrError `not_found`; `failed_precondition` when it has not completed. */
  async result(id: string): Promise<TrainModelResult> {
    return decodeResult(trainModel, this.#orchestrator.operations.result(this.get(id).id).bytes);
  }

  /** Asks a training to stop. @throws KtrdrError `not_found` when there is no such training. */
  cancel(id: string, reason?: CancelReason): Operation {
    this.get(id);
    return this.#orchestrator.operations.cancel(id, reason);
  }
}
