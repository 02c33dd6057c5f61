import { z } from 'zod';
import { problemSchema, type ProblemDetails } from '../base/index.ts';
import { timeframes, type Timeframe } from '../market/index.ts';
import type { OperationContract } from '../operations/index.ts';
import { loadBars, type LoadBarsInput, type LoadBarsResult } from './load-bars.ts';
import { type LoadMode, loadModes } from './choices.ts';

/** Every symbol in every timeframe. */
export interface LoadSeriesInput {
  symbols: string[];
  timeframes: Timeframe[];
  mode: LoadMode;
  /** As those of a single load. */
  start?: number;
  end?: number;
}

export interface LoadSeriesContext {
  symbols: string[];
  timeframes: string[];
  mode: string;
  failed: number;
}

export interface LoadSeriesResult {
  /** In the order of `seriesToLoad`: what each load ended with. */
  series: { symbol: string; timeframe: Timeframe; result?: LoadBarsResult; error?: ProblemDetails }[];
}

const most = { symbols: 200, timeframes: timeframes.length };

/**
 * Loading several series as one operation, whose children are loads of one series each. It completes when at least one
 * of them did, and tells of the others.
 */
export const loadSeries: OperationContract<LoadSeriesInput, LoadSeriesContext, LoadSeriesResult> = {
  type: 'load_series',
  // A second attempt takes the loads that completed as they are.
  resume: 'auto',
  input: z
    .strictObject({
      symbols: z.array(z.string().trim().min(1).max(64)).min(1).max(most.symbols),
      timeframes: z.array(z.enum(timeframes)).min(1).max(most.timeframes),
      mode: z.enum(loadModes),
      start: z.number().exactOptional(),
      end: z.number().exactOptional(),
    })
    .refine(({ start, end }) => start === undefined || end === undefined || start < end, {
      path: ['start'],
      message: 'start must lie before end',
    }),
  context: z.object({
    symbols: z.array(z.string()),
    timeframes: z.array(z.string()),
    mode: z.string(),
    failed: z.number().int().nonnegative(),
  }),
  result: z.object({
    series: z.array(
      z.object({
        symbol: z.string(),
        timeframe: z.enum(timeframes),
        result: z.exactOptional(loadBars.result),
        error: z.exactOptional(problemSchema),
      }),
    ),
  }),
  begin: ({ symbols, timeframes: chosen, mode }) => ({ symbols, timeframes: chosen, mode, failed: 0 }),
  render: renderSeriesProgress,
};

/** The single loads, each series once. */
export function seriesToLoad({ symbols, timeframes: chosen, ...rest }: LoadSeriesInput): LoadBarsInput[] {
  return [...new Set(symbols)].flatMap((symbol) =>
    [...new Set(chosen)].map((timeframe) => ({ symbol, timeframe, ...rest })),
  );
}

const namedSymbols = 4;

/** `Loading AAPL, MSFT [1h, 1d] data (tail mode) [3/4], 1 failed`. */
function renderSeriesProgress({
  context: { symbols, timeframes: chosen, mode, failed },
  done,
  total,
}: {
  context: LoadSeriesContext;
  done: number;
  total: number;
}): string {
  const more = symbols.length > namedSymbols ? ` and ${symbols.length - namedSymbols} more` : '';
  const steps = total > 0 ? ` [${done}/${total}]` : '';
  const faults = failed > 0 ? `, ${failed} failed` : '';
  return `Loading ${symbols.slice(0, namedSymbols).join(', ')}${more} [${chosen.join(', ')}] data (${mode} mode)${steps}${faults}`;
}
