export { fingerprintOf, fingerprintsOf } from './data-fingerprint.ts';
export type { SeriesFingerprint } from './data-fingerprint.ts';
export { barSeen, barsOf, featureColumns, symbolFeatures } from './features.ts';
export type { FeatureColumn, FeatureColumns, SymbolBars } from './features.ts';
export { unscaled } from './normalize.ts';
export type { FeatureScale } from './normalize.ts';
export { unknownFeatures } from './unknown-features.ts';
export { buildTrainingSet } from './training-set.ts';
export type { SymbolRows, TrainingParts, TrainingSet } from './training-set.ts';
