export { encodeBars, exportFormats } from './encode-bars.ts';
export type { ExportFormat } from './encode-bars.ts';
export { importBars, importConflicts } from './import-bars.ts';
export type { ImportBarsContext, ImportBarsInput, ImportBarsResult, ImportConflicts } from './import-bars.ts';
export { importFile } from './import-work.ts';
export { dateOrders } from './stamps.ts';
export type { DateOrder } from './stamps.ts';
