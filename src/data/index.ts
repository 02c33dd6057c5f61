export type { BarProvider, BarRequest, FetchedBars, Instrument } from './bar-provider.ts';
export { BarStore } from './bar-store/index.ts';
export type { SeriesInfo, SeriesKey } from './bar-store/index.ts';
export type { Coverage } from './coverage.ts';
export { DataManager } from './data-manager.ts';
export { fetchBars } from './fetch-bars.ts';
export type { FetchBarsContext } from './fetch-bars.ts';
export { loadBars, loadModes } from './load-bars.ts';
export type { Gap, LoadBarsContext, LoadBarsInput, LoadBarsResult, LoadMode } from './load-bars.ts';
