export type { IndicatorColumns, IndicatorDefinition } from './definition.ts';
export { findIndicator } from './registry.ts';
