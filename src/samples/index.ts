export { fingerprintOf } from './data-fingerprint.ts';
export { symbolFeatures } from './features.ts';
export type { SymbolBars } from './features.ts';
export { unscaled } from './normalize.ts';
export type { FeatureScale } from './normalize.ts';
export { buildTrainingSet } from './training-set.ts';
export type { SymbolRows, TrainingParts, TrainingSet } from './training-set.ts';
