export { activations, initialWeights, mlpSchema, parameterCount } from './model.ts';
export type { Activation, ModelSpec } from './model.ts';
export { plainBackend } from './plain-backend.ts';
export { createPredictor } from './predictor.ts';
export type { Predictor } from './predictor.ts';
export { createRandom } from './random.ts';
export type { Random, RandomState } from './random.ts';
export { readSafetensors, writeSafetensors } from './safetensors.ts';
export type { Safetensors, Tensor } from './safetensors.ts';
export { optimizerSchema } from './trainer.ts';
export type {
  Capabilities,
  Dataset,
  Evaluation,
  OptimizerSpec,
  Trainer,
  TrainerBackend,
  TrainerOptions,
} from './trainer.ts';
export { tensorsFromWeights, weightsFromTensors, weightsHash } from './weights.ts';
