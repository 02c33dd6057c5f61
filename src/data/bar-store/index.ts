export { BarStore } from './bar-store.ts';
export type { BarSegment, BarStoreOptions, SeriesInfo } from './bar-store.ts';
export type { SeriesKey } from './series.ts';
