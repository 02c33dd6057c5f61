import { z } from 'zod';
import { timeframes, type Timeframe } from '../market/index.ts';
import type { OperationContract } from '../operations/index.ts';
import { type LoadMode, loadModes } from './choices.ts';

export interface LoadBarsInput {
  symbol: string;
  timeframe: Timeframe;
  mode: LoadMode;
  /** Epoch milliseconds; bars whose start lies in `[start, end)`. For `1d` they select session dates at midnight UTC. */
  start?: number;
  end?: number;
}

export interface LoadBarsContext {
  symbol: string;
  timeframe: string;
  mode: string;
  /** Bars stored so far by this load. */
  loadedBars: number;
  /** How many requests more the source would take now, where it counts them. */
  requestsLeft?: number;
}

/** A run of expected bars that are not there: `[start, end)` from the first missing bar's cell to the end of the last one's. */
export interface Gap {
  start: number;
  end: number;
  bars: number;
}

/** A jump of prices where loaded bars meet stored ones, as after a split that only the loaded ones are adjusted for. */
export interface MetSplit {
  /** The stamp of the first bar after it. */
  at: number;
  /** New shares for old ones: `7:1`. */
  split: string;
}

export interface LoadBarsResult {
  symbol: string;
  timeframe: Timeframe;
  mode: LoadMode;
  /** The span this load was answerable for; absent when there was nothing to answer for. */
  range?: { start: number; end: number };
  loaded: { bars: number; segments: number };
  stored: { bars: number; first?: number; last?: number };
  /** Of the expected bars in `range`: in the store, confirmed by the source not to exist, and still missing. */
  coverage: { expected: number; present: number; confirmedEmpty: number; missing: number };
  /** What is still missing, oldest first; at most `maxListedGaps` of them. */
  gaps: Gap[];
  /** Absent when there is none; the first `maxListedSplits` that were met. */
  probableSplits?: MetSplit[];
}

export const maxListedGaps = 1_000;
export const maxListedSplits = 20;

const count = z.number().int().nonnegative();
const range = z.object({ start: z.number(), end: z.number() });

export const loadBars: OperationContract<LoadBarsInput, LoadBarsContext, LoadBarsResult> = {
  type: 'load_bars',
  // What is stored counts: a second attempt loads the rest.
  resume: 'auto',
  input: z
    .strictObject({
      symbol: z.string().trim().min(1).max(64),
      timeframe: z.enum(timeframes),
      mode: z.enum(loadModes),
      start: z.number().exactOptional(),
      end: z.number().exactOptional(),
    })
    .refine(({ start, end }) => start === undefined || end === undefined || start < end, {
      path: ['start'],
      message: 'start must lie before end',
    }),
  context: z.object({
    symbol: z.string(),
    timeframe: z.string(),
    mode: z.string(),
    loadedBars: count,
    requestsLeft: count.exactOptional(),
  }),
  result: z.object({
    symbol: z.string(),
    timeframe: z.enum(timeframes),
    mode: z.enum(loadModes),
    range: range.exactOptional(),
    loaded: z.object({ bars: count, segments: count }),
    stored: z.object({ bars: count, first: z.number().exactOptional(), last: z.number().exactOptional() }),
    coverage: z.object({ expected: count, present: count, confirmedEmpty: count, missing: count }),
    gaps: z.array(z.object({ start: z.number(), end: z.number(), bars: count })),
    probableSplits: z.array(z.object({ at: z.number(), split: z.string() })).exactOptional(),
  }),
  begin: ({ symbol, timeframe, mode }) => ({ symbol, timeframe, mode, loadedBars: 0 }),
  render: renderDataProgress,
};

/** Phases in which nothing holds the load up. */
const ordinaryPhases = new Set(['', 'loading', 'fetching']);

/** `Loading AAPL 1h data (backfill mode) [3/5]`, with the phase behind it when it waits for something. */
export function renderDataProgress({
  context: { symbol, timeframe, mode },
  phase,
  done,
  total,
}: {
  context: LoadBarsContext;
  phase: string;
  done: number;
  total: number;
}): string {
  const steps = total > 0 ? ` [${done}/${total}]` : '';
  const detail = ordinaryPhases.has(phase) ? '' : ` - ${phase}`;
  return `Loading ${symbol} ${timeframe} data (${mode} mode)${steps}${detail}`;
}
