export type {
  Indicator,
  IndicatorColumns,
  IndicatorDefinition,
  IndicatorKind,
  IndicatorParameters,
} from './definition.ts';
export { findIndicator, indicators, indicatorTypes } from './registry.ts';
