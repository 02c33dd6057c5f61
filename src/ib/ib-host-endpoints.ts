import { z } from 'zod';
import { CancellationToken } from '../async/index.ts';
import type { Schema } from '../base/index.ts';
import {
  fetchBars,
  type BarProvider,
  type BarRequest,
  type FetchBarsContext,
  type FetchedBars,
  type FoundInstrument,
  type Instrument,
} from '../data/index.ts';
import {
  barsFromArrow,
  barsFromJson,
  barsToArrow,
  barsToJson,
  calendarIds,
  emptyBars,
  jsonBarsSchema,
  timeframes,
  type JsonBars,
} from '../market/index.ts';
import type { OperationWork, ServiceOrchestrator } from '../operations/index.ts';
import {
  defineEndpoint,
  encodable,
  implement,
  type HandlerContext,
  type ImplementedEndpoint,
  type ReadinessCheck,
} from '../service/index.ts';
import { gatewayStatusSchema } from './gateway-status.ts';
import type { IbBarProvider } from './ib-bar-provider.ts';

export const instrumentSchema: Schema<Instrument> = z.object({
  symbol: z.string(),
  assetType: z.enum(['stock', 'etf', 'index', 'future', 'currency']),
  calendar: z.enum(calendarIds),
  description: z.string(),
  exchange: z.string(),
  currency: z.string(),
  hours: z.string().exactOptional(),
  timeZone: z.string().exactOptional(),
  origin: z
    .object({
      source: z.string(),
      settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    })
    .exactOptional(),
});

export const foundInstrumentsSchema: Schema<{ instruments: FoundInstrument[] }> = z.object({
  instruments: z.array(
    z.object({
      symbol: z.string(),
      description: z.string(),
      assetType: z.string(),
      exchange: z.string(),
      currency: z.string(),
    }),
  ),
});

const symbol = z.string().min(1);

export const getSearch = defineEndpoint({
  method: 'GET',
  path: '/data/search',
  summary: 'Instruments whose symbol begins with a text or whose name holds it, in the order of IB',
  query: z.object({ text: z.string().trim().min(1).max(64) }),
  response: foundInstrumentsSchema,
});

export const getSymbolInfo = defineEndpoint({
  method: 'GET',
  path: '/data/symbol-info/{symbol}',
  summary: 'What IB knows of an instrument',
  params: z.object({ symbol }),
  response: instrumentSchema,
});

export const getHeadTimestamp = defineEndpoint({
  method: 'GET',
  path: '/data/head-timestamp',
  summary: 'The start of the oldest bar that IB has, in epoch milliseconds; null when it has none',
  query: z.object({ symbol, timeframe: z.enum(timeframes) }),
  response: z.object({ earliest: z.number().nullable() }),
});

export const getGateway = defineEndpoint({
  method: 'GET',
  path: '/gateway',
  summary: 'The state of the gateway',
  response: gatewayStatusSchema,
});

const barsAnswer = encodable(jsonBarsSchema, {
  mediaType: 'application/vnd.apache.arrow.stream',
  encode: (bars) => barsToArrow(barsFromJson(bars)),
  decode: async (bytes) => barsToJson(await barsFromArrow(bytes)),
});

const fetchSummary =
  'Bars of one request, as columns: JSON, or an Arrow stream when the caller accepts it. Runs as an operation like `PUT /operations/fetch_bars/{id}`, and ends when the caller goes away';

const postFetch = defineEndpoint({
  method: 'POST',
  path: '/data/fetch',
  summary: fetchSummary,
  body: fetchBars.input,
  response: barsAnswer,
});

const postHistorical = defineEndpoint({ ...postFetch, path: '/data/historical' });

/** What an IB host answers beside the operations; `fetchBars` must be registered with the orchestrator. */
export function ibHostEndpoints(provider: IbBarProvider, orchestrator: ServiceOrchestrator): ImplementedEndpoint[] {
  const fetched = async ({ body }: { body: BarRequest }, { token, traceId }: HandlerContext): Promise<JsonBars> => {
    const { id, result } = orchestrator.start(fetchBars, body, { traceId });
    using _ = token.onCancelled(() => orchestrator.stop(id, token.reason ?? 'user'));
    const answer = await result;
    return barsToJson(answer.kind === 'bars' ? answer.bars : emptyBars);
  };
  return [
    implement(getSymbolInfo, ({ params }, within) => provider.describe(params.symbol, within)),
    implement(getHeadTimestamp, async ({ query }, within) => ({
      earliest: (await provider.earliest(query.symbol, query.timeframe, within)) ?? null,
    })),
    implement(getSearch, async ({ query }, context) => ({ instruments: await provider.search(query.text, context) })),
    implement(getGateway, () => provider.gateway.status()),
    implement(postFetch, fetched),
    implement(postHistorical, fetched),
  ];
}

/** What an IB host registers for `fetchBars`. */
export function fetchBarsWork(provider: BarProvider): OperationWork<BarRequest, FetchBarsContext, FetchedBars> {
  return (request, context) => provider.fetch(request, context);
}

/** Ready means that the gateway is connected and has a link to IB; a check connects when there is no connection. */
export function gatewayReadiness({ gateway }: IbBarProvider): ReadinessCheck {
  return async () => {
    await gateway.connect(CancellationToken.none).catch(() => {});
    const { state, trouble = `the gateway is ${state}` } = gateway.status();
    return state === 'ready' ? undefined : trouble;
  };
}
