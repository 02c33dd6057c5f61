export { accuracyOf } from './class-metrics.ts';
export type { ClassMetrics } from './class-metrics.ts';
export { areClassMetrics, epochMetricsSchema, partMetrics, partsMetricsSchema } from './metrics.ts';
export type { EpochMetrics, PartMetrics, PartsMetrics } from './metrics.ts';
export type { ModelToSave } from './model-folder.ts';
export { modelInfoSchema } from './model-record.ts';
export type { ModelInfo, ModelName, StoredModel } from './model-record.ts';
export { ModelStore } from './model-store.ts';
