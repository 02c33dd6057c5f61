/**
 * What a request can choose between, and nothing else: whoever only reads a request need not load what carries it out.
 */

/**
 * Changes that somebody may want made to a copy of the bars; what is stored is never changed by itself. In the order in
 * which they are applied.
 */
export const repairNames = ['sort', 'unique', 'drop-broken', 'sessions-only', 'adjust-splits'] as const;
export type RepairName = (typeof repairNames)[number];

/**
 * `local` never calls out; `tail` loads what is newer than the store (a default span when the store is empty);
 * `backfill` what is older; `full` both and every hole between.
 */
export const loadModes = ['local', 'tail', 'backfill', 'full'] as const;
export type LoadMode = (typeof loadModes)[number];

/** Which number of a date like 03/08/2024 is the month. */
export const dateOrders = ['month-first', 'day-first'] as const;
export type DateOrder = (typeof dateOrders)[number];

export const exportFormats = ['csv', 'parquet', 'arrow'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** What becomes of stored bars that the file has with other values. */
export const importConflicts = ['refuse', 'keep', 'replace'] as const;
export type ImportConflicts = (typeof importConflicts)[number];
