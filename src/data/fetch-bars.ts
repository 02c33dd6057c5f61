import { z } from 'zod';
import { barsFromArrow, barsToArrow, emptyBars, barCount, timeframes } from '../market/index.ts';
import type { OperationContract } from '../operations/index.ts';
import type { BarRequest, FetchedBars } from './bar-provider.ts';

export interface FetchBarsContext {
  symbol: string;
  timeframe: string;
  /** How many requests more the source would take now, where it counts them. */
  requestsLeft?: number;
}

/** One request to a source of bars, as an operation: what a data host runs and `BarProvider.fetch` means everywhere. */
export const fetchBars: OperationContract<BarRequest, FetchBarsContext, FetchedBars> = {
  type: 'fetch_bars',
  // Whoever wanted the bars asks again, by another name.
  resume: 'never',
  outlives: 'process',
  unfollowed: 'ends',
  input: z.object({
    symbol: z.string().min(1),
    timeframe: z.enum(timeframes),
    range: z
      .object({ start: z.number(), end: z.number() })
      .refine(({ start, end }) => start < end, 'start must lie before end'),
  }),
  context: z.object({
    symbol: z.string(),
    timeframe: z.string(),
    requestsLeft: z.number().int().nonnegative().exactOptional(),
  }),
  result: z.custom<FetchedBars>(),
  begin: ({ symbol, timeframe }) => ({ symbol, timeframe }),
  render: ({ context: { symbol, timeframe }, phase }) =>
    `Fetching ${symbol} ${timeframe} data${phase === '' ? '' : ` (${phase})`}`,
  encoding: {
    mediaType: 'application/vnd.apache.arrow.stream',
    encode: (fetched) => barsToArrow(fetched.kind === 'bars' ? fetched.bars : emptyBars),
    async decode(bytes) {
      const bars = await barsFromArrow(bytes);
      return barCount(bars) === 0 ? { kind: 'empty' } : { kind: 'bars', bars };
    },
  },
};
