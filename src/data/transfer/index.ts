export { encodeBars } from './encode-bars.ts';
export { importBars } from './import-bars.ts';
export type { ImportBarsContext, ImportBarsInput, ImportBarsResult } from './import-bars.ts';
export { importFile } from './import-work.ts';
