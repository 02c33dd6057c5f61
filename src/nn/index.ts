export { activations, mlpSchema } from './model.ts';
export type { Activation, ModelSpec } from './model.ts';
export { plainBackend } from './plain-backend.ts';
export { createRandom } from './random.ts';
export { readSafetensors, writeSafetensors } from './safetensors.ts';
export { optimizerSchema } from './trainer.ts';
export type { Dataset, Evaluation, OptimizerSpec, Trainer, TrainerBackend } from './trainer.ts';
export { tensorsFromWeights, weightsFromTensors, weightsHash } from './weights.ts';
