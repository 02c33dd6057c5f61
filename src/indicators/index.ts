export type { IndicatorColumns, IndicatorDefinition } from './definition.ts';
export { findIndicator, indicators, indicatorTypes } from './registry.ts';
