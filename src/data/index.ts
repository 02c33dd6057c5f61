export { dateOrders, exportFormats, importConflicts, loadModes, repairNames } from './choices.ts';
export type { DateOrder, ExportFormat, ImportConflicts, LoadMode, RepairName } from './choices.ts';
export { absenceKinds } from './absences.ts';
export type { Absence, AbsenceKind } from './absences.ts';
export { assessQualityOf } from './assess-quality.ts';
export type {
  BarProvider,
  BarRequest,
  FetchedBars,
  FoundInstrument,
  Instrument,
  InstrumentSearch,
} from './bar-provider.ts';
export { BarStore } from './bar-store/index.ts';
export type { SeriesInfo, SeriesKey } from './bar-store/index.ts';
export { periodKinds } from './coverage-picture.ts';
export type { CoveragePeriod, PeriodKind } from './coverage-picture.ts';
export type { Coverage } from './coverage.ts';
export { DataManager } from './data-manager.ts';
export { fetchBars } from './fetch-bars.ts';
export type { FetchBarsContext } from './fetch-bars.ts';
export { loadBars } from './load-bars.ts';
export type { Gap, LoadBarsContext, LoadBarsInput, LoadBarsResult } from './load-bars.ts';
export { loadSeries, seriesToLoad } from './load-series.ts';
export type { LoadSeriesInput, LoadSeriesResult } from './load-series.ts';
export { applyRepairs } from './quality/index.ts';
export type { QualityReport, RepairDone } from './quality/index.ts';
export { storedInfo } from './stored-series.ts';
export type { Identify, OpenSpan, StoredSeries } from './stored-series.ts';
export { encodeBars, importBars } from './transfer/index.ts';
export type { ImportBarsInput, ImportBarsResult } from './transfer/index.ts';
export { verifyBars } from './verify-bars.ts';
export type { LoadPlan } from './plan-load.ts';
