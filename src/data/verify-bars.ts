import { z } from 'zod';
import { timeframes, type Timeframe } from '../market/index.ts';
import type { OperationContract } from '../operations/index.ts';
import type { StoreReport } from './bar-store/index.ts';

export interface VerifyBarsInput {
  /** All series when absent. */
  series?: { symbol: string; timeframe: Timeframe };
}

export interface VerifyBarsContext {
  what: string;
}

const count = z.number().int().nonnegative();
const seriesSchema = z.object({ symbol: z.string().trim().min(1).max(64), timeframe: z.enum(timeframes) });

/** Checks every stored file against its checksums. Changes nothing. */
export const verifyBars: OperationContract<VerifyBarsInput, VerifyBarsContext, StoreReport> = {
  type: 'verify_bars',
  resume: 'auto',
  input: z.strictObject({ series: seriesSchema.exactOptional() }),
  context: z.object({ what: z.string() }),
  result: z.object({
    series: count,
    files: count,
    bars: count,
    issues: z.array(
      z.object({
        severity: z.enum(['damage', 'leftover']),
        path: z.string(),
        key: seriesSchema.exactOptional(),
        problem: z.string(),
        remedy: z.string(),
      }),
    ),
  }),
  begin: ({ series }) => ({ what: series === undefined ? 'all bars' : `${series.symbol} ${series.timeframe}` }),
  render: ({ context: { what } }) => `Verifying ${what}`,
};
