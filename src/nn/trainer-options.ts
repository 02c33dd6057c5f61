import { parse } from '../base/index.ts';
import { checkDataset } from './dataset.ts';
import { modelSchema } from './model.ts';
import { checkOutputs, objectiveSchema } from './objective.ts';
import { optimizerSchema, type TrainerOptions } from './trainer.ts';

/**
 * What every backend asks of what it is given.
 * @throws KtrdrError `invalid_input` for what is out of range, and for parts that do not fit each other.
 */
export function checkedOptions({ data, seed, ...parts }: TrainerOptions): TrainerOptions {
  const model = parse(modelSchema, parts.model, 'The model');
  const objective = parse(objectiveSchema, parts.objective, 'The objective');
  const optimizer = parse(optimizerSchema, parts.optimizer, 'The optimizer');
  checkOutputs(model, objective);
  checkDataset(data, model, objective);
  return { model, objective, optimizer, data, seed };
}
