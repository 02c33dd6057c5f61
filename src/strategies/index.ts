export { parseStrategy } from './parse-strategy.ts';
export { resolvePlan } from './resolve.ts';
export type { Feature, TrainingPlan } from './resolve.ts';
export { nameSchema } from './strategy.schema.ts';
export { normalizations } from './strategy.ts';
export type { EarlyStopping, IndicatorUse, Normalization, SplitFractions, Strategy } from './strategy.ts';
