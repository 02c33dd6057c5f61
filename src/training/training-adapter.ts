import type { OperationWork } from '../operations/index.ts';
import { AsyncServiceAdapter } from '../service/index.ts';
import { trainModel, type TrainModelContext, type TrainModelInput, type TrainModelResult } from './train-model.ts';

/** Trains on a training host: the same kind of work as `localTrainer`, done elsewhere. */
export class TrainingAdapter extends AsyncServiceAdapter {
  override readonly serviceName = 'training host';
  override readonly serviceType = 'training';

  readonly train: OperationWork<TrainModelInput, TrainModelContext, TrainModelResult> = (input, context) =>
    this.run(trainModel, input, context);
}
