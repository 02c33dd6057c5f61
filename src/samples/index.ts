export { fingerprintOf } from './data-fingerprint.ts';
export type { SymbolBars } from './features.ts';
export { labelNames } from './labels.ts';
export { unscaled } from './normalize.ts';
export type { FeatureScale } from './normalize.ts';
export { buildTrainingSet } from './training-set.ts';
export type { TrainingParts } from './training-set.ts';
