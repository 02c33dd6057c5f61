import { z } from 'zod';
import { timeframes, type Timeframe } from '../market/index.ts';
import type { OperationContract } from '../operations/index.ts';
import { qualityReportSchema, type QualityReport } from './quality/index.ts';

export interface AssessQualityInput {
  symbol: string;
  timeframe: Timeframe;
  /** `[start, end)`; all that is stored when absent. */
  start?: number;
  end?: number;
}

/** Under the name that the series is stored by. */
export interface QualityOfSeries extends QualityReport {
  readonly symbol: string;
  readonly timeframe: Timeframe;
}

export interface AssessQualityContext {
  symbol: string;
  timeframe: string;
}

/** Looks over the stored bars of a series and changes nothing. */
export const assessQualityOf: OperationContract<AssessQualityInput, AssessQualityContext, QualityOfSeries> = {
  type: 'assess_quality',
  resume: 'auto',
  input: z.strictObject({
    symbol: z.string().trim().min(1).max(64),
    timeframe: z.enum(timeframes),
    start: z.number().exactOptional(),
    end: z.number().exactOptional(),
  }),
  context: z.object({ symbol: z.string(), timeframe: z.string() }),
  result: z.intersection(qualityReportSchema, z.object({ symbol: z.string(), timeframe: z.enum(timeframes) })),
  begin: ({ symbol, timeframe }) => ({ symbol, timeframe }),
  render: ({ context: { symbol, timeframe }, phase }) =>
    `Looking over ${symbol} ${timeframe} data${phase === '' ? '' : ` (${phase})`}`,
};
