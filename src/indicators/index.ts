export { indicatorCatalogue } from './catalogue.ts';
export type { CatalogueEntry, CatalogueParameter } from './catalogue.ts';
export type { IndicatorColumns, IndicatorDefinition } from './definition.ts';
export { findIndicator } from './registry.ts';
