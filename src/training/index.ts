export { backendNamed, findBackend } from './backends.ts';
export type { BarSource, Series } from './bar-source.ts';
export { openCheckpoints } from './checkpoints.ts';
export { localTrainer } from './local-trainer.ts';
export { trainModel } from './train-model.ts';
export type { TrainModelContext, TrainModelInput, TrainModelResult } from './train-model.ts';
export { TrainingAdapter } from './training-adapter.ts';
export { trainingHostEndpoints } from './training-host-endpoints.ts';
export { TrainingManager } from './training-manager.ts';
