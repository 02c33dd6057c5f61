import { z } from 'zod';
import { calendarIds, timeframes, type CalendarId, type Timeframe } from '../../market/index.ts';
import type { OperationContract } from '../../operations/index.ts';
import { qualityReportSchema, repairDoneSchema, type QualityReport, type RepairDone } from '../quality/index.ts';
import type { FileFormat } from './read-bars-file.ts';
import {
  type DateOrder,
  type ImportConflicts,
  type RepairName,
  dateOrders,
  importConflicts,
  repairNames,
} from '../choices.ts';

export interface ImportBarsInput {
  /** Where the file lies on the machine of whoever runs the import; absolute. */
  path: string;
  symbol: string;
  timeframe: Timeframe;
  /** That of the series or, when nothing of it is stored, what the symbol tells, when absent. */
  calendar?: CalendarId;
  /** Of stamps that name no zone. */
  zone?: string;
  /** Of dates such as 03/08/2024; they are refused when absent. */
  dates?: DateOrder;
  /** Asked for by name; without them a file that is not in order is refused. */
  repairs?: RepairName[];
  /** `refuse` when absent. */
  conflicts?: ImportConflicts;
  /** Reads, checks and reports, and stores nothing. */
  check?: boolean;
}

export interface ImportBarsContext {
  symbol: string;
  timeframe: string;
  check: boolean;
}

export interface ImportBarsResult {
  symbol: string;
  timeframe: Timeframe;
  calendar: CalendarId;
  /** True when nothing was stored because only a check was asked for. */
  check: boolean;
  file: { format: FileFormat; bytes: number; ignoredColumns: string[] };
  /** The bars of the file after the repairs, and their first and last stamp. */
  bars: { count: number; first?: number; last?: number };
  /** The newest bars of the file that are not finished yet and were left out. */
  unfinished: number;
  repairs: RepairDone[];
  /** Towards what was stored: bars that it had not, had just so, and had with other values. */
  stored: { added: number; same: number; different: number };
  quality: QualityReport;
}

const count = z.number().int().nonnegative();

/** A file of bars into the store, all of it or nothing. */
export const importBars: OperationContract<ImportBarsInput, ImportBarsContext, ImportBarsResult> = {
  type: 'import_bars',
  // What is stored already is the same when it comes again.
  resume: 'auto',
  input: z.strictObject({
    path: z
      .string()
      .min(1)
      .max(4_096)
      .refine((path) => path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path), 'give an absolute path'),
    // What is stored is printed later, also into terminals.
    symbol: z
      .string()
      .trim()
      .min(1)
      .max(64)
      .regex(/^\P{C}+$/u, 'it must not hold control characters'),
    timeframe: z.enum(timeframes),
    calendar: z.enum(calendarIds).exactOptional(),
    zone: z.string().min(1).max(64).exactOptional(),
    dates: z.enum(dateOrders).exactOptional(),
    repairs: z.array(z.enum(repairNames)).exactOptional(),
    conflicts: z.enum(importConflicts).exactOptional(),
    check: z.boolean().exactOptional(),
  }),
  context: z.object({ symbol: z.string(), timeframe: z.string(), check: z.boolean() }),
  result: z.object({
    symbol: z.string(),
    timeframe: z.enum(timeframes),
    calendar: z.enum(calendarIds),
    check: z.boolean(),
    file: z.object({
      format: z.enum(['csv', 'csv.gz', 'parquet', 'arrow']),
      bytes: count,
      ignoredColumns: z.array(z.string()),
    }),
    bars: z.object({ count, first: z.number().exactOptional(), last: z.number().exactOptional() }),
    unfinished: count,
    repairs: z.array(repairDoneSchema),
    stored: z.object({ added: count, same: count, different: count }),
    quality: qualityReportSchema,
  }),
  begin: ({ symbol, timeframe, check = false }) => ({ symbol, timeframe, check }),
  render: ({ context: { symbol, timeframe, check }, phase }) =>
    `${check ? 'Checking a file of' : 'Importing'} ${symbol} ${timeframe} data${phase === '' ? '' : ` (${phase})`}`,
};
