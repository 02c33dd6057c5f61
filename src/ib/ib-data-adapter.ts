import {
  fetchBars,
  type BarProvider,
  type BarRequest,
  type FetchBarsContext,
  type FetchedBars,
  type FoundInstrument,
  type Instrument,
  type InstrumentSearch,
} from '../data/index.ts';
import type { Timeframe } from '../market/index.ts';
import type { OperationContext } from '../operations/index.ts';
import { AsyncServiceAdapter, type CallContext } from '../service/index.ts';
import { estimateMs } from './pacing/estimate.ts';
import type { GatewayStatus } from './gateway-status.ts';
import { getGateway, getHeadTimestamp, getSearch, getSymbolInfo } from './ib-host-endpoints.ts';
import { defaultPacingLimits } from './pacing/pacing.ts';
import { maxSpanMs } from './requests.ts';

/** The host connects first where it has to, and keeps IB's rules; what it says in the end tells more than our own limit. */
const lookupMs = 60_000;

/** Market history from a gateway that an IB host service talks to. */
export class IbDataAdapter extends AsyncServiceAdapter implements BarProvider, InstrumentSearch {
  override readonly serviceName = 'the IB host service';
  override readonly serviceType = 'ib';
  readonly requestsAtOnce = defaultPacingLimits.inFlight;

  describe(symbol: string, within: CallContext): Promise<Instrument> {
    return this.call(getSymbolInfo, { params: { symbol } }, { ...within, timeoutMs: lookupMs });
  }

  async earliest(symbol: string, timeframe: Timeframe, within: CallContext): Promise<number | undefined> {
    const query = { symbol, timeframe };
    const { earliest } = await this.call(getHeadTimestamp, { query }, { ...within, timeoutMs: lookupMs });
    return earliest ?? undefined;
  }

  async search(text: string, within: CallContext): Promise<FoundInstrument[]> {
    return (await this.call(getSearch, { query: { text } }, within)).instruments;
  }

  fetch(request: BarRequest, context: OperationContext<FetchBarsContext>): Promise<FetchedBars> {
    return this.run(fetchBars, request, context);
  }

  maxSpanMs(timeframe: Timeframe, { assetType }: Instrument): number {
    return maxSpanMs(timeframe, assetType);
  }

  estimateMs(requests: readonly number[]): number {
    return estimateMs(requests, defaultPacingLimits);
  }

  gatewayStatus(within: CallContext): Promise<GatewayStatus> {
    return this.call(getGateway, {}, within);
  }
}
