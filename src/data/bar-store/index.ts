export { BarStore } from './bar-store.ts';
export type { SeriesInfo } from './bar-store.ts';
export type { SeriesKey } from './series.ts';
