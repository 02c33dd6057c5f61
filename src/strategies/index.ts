export { classesOf } from './classes.ts';
export { indicatorTable } from './indicator-table.ts';
export { strategyJsonSchema } from './json-schema.ts';
export { keyTable } from './key-table.ts';
export { migrateStrategy } from './migrate-strategy.ts';
export { checkStrategy, lineOf, parseStrategy } from './parse-strategy.ts';
export type { StrategyCheck, StrategyIssue } from './parse-strategy.ts';
export { resolvePlan } from './resolve.ts';
export type { Feature, TrainingPlan } from './resolve.ts';
export { nameSchema } from './strategy.schema.ts';
export { normalizations } from './strategy.ts';
export type {
  ContextLabels,
  CostModel,
  DecisionSettings,
  EarlyStopping,
  ForwardReturnLabels,
  IndicatorUse,
  LabelSettings,
  MlpSettings,
  ModelSettings,
  Normalization,
  RecurrentSettings,
  RegimeLabels,
  SchedulerSettings,
  SplitSettings,
  Strategy,
  TrainingSettings,
  TripleBarrierLabels,
  VolumeFilter,
  ZigzagLabels,
} from './strategy.ts';
