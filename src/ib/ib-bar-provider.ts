import { systemClock, type Clock } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import type {
  BarProvider,
  BarRequest,
  FetchBarsContext,
  FetchedBars,
  FoundInstrument,
  Instrument,
  InstrumentSearch,
} from '../data/index.ts';
import {
  barCount,
  barsInRange,
  concatBars,
  dayMs,
  expectedBars,
  finalBefore,
  type Bars,
  type Timeframe,
} from '../market/index.ts';
import type { OperationContext } from '../operations/index.ts';
import type { CallContext } from '../service/index.ts';
import { assetTypeOf, calendarFor, calendarIdOf, parseSymbol, symbolOf, type IbContract } from './contract.ts';
import { decodeBars } from './wire/decode-bars.ts';
import { estimateMs } from './pacing/estimate.ts';
import { cellStart, firstBar } from './first-bar.ts';
import { foundInstrument } from './found-instrument.ts';
import type { IbGateway } from './ib-gateway.ts';
import { defaultPacingLimits } from './pacing/pacing.ts';
import type { IbBars } from './wire/ib-bars.ts';
import { historyQuery, maxSpanMs, regularHoursOnly, whatToShow, type HistoryQuery } from './requests.ts';
import { stampByCell } from './wire/stamp-by-cell.ts';
import { TimedCache } from './timed-cache.ts';

/** Market history straight from a gateway. */
export class IbBarProvider implements BarProvider, InstrumentSearch {
  readonly gateway: IbGateway;
  readonly requestsAtOnce = defaultPacingLimits.inFlight;
  readonly #instruments: TimedCache<Instrument>;
  readonly #heads: TimedCache<number | undefined>;

  constructor(gateway: IbGateway, clock: Clock = systemClock) {
    this.gateway = gateway;
    this.#instruments = new TimedCache({ clock, lifeMs: dayMs, maxEntries: 1_000 });
    this.#heads = new TimedCache({ clock, lifeMs: dayMs, maxEntries: 1_000 });
  }

  async describe(symbol: string, { token }: CallContext): Promise<Instrument> {
    const contract = parseSymbol(symbol);
    const name = symbolOf(contract);
    return this.#instruments.get(name, { token }, async (shared) => {
      const [details] = await this.gateway.contractDetails(contract, shared);
      if (details === undefined) throw new KtrdrError('not_found', `IB knows no instrument "${name}".`);
      const { contract: found, longName, stockType, timeZoneId } = details;
      const hours = regularHoursOnly(contract) ? details.liquidHours : details.tradingHours;
      return {
        symbol: name,
        assetType: assetTypeOf(contract, stockType),
        calendar: calendarIdOf(contract),
        description: orElse(longName, name),
        exchange: orElse(found.primaryExch, contract.exchange),
        currency: contract.currency,
        origin: {
          source: 'ib',
          settings: { whatToShow: whatToShow(contract), regularHoursOnly: regularHoursOnly(contract) },
        },
        ...(hours === undefined || hours === '' ? {} : { hours }),
        ...(timeZoneId === undefined || timeZoneId === '' ? {} : { timeZone: timeZoneId }),
      };
    });
  }

  async search(text: string, { token }: CallContext): Promise<FoundInstrument[]> {
    return (await this.gateway.searchSymbols(text, { token })).flatMap(({ contract }) =>
      contract === undefined ? [] : [foundInstrument(contract)],
    );
  }

  async earliest(symbol: string, timeframe: Timeframe, { token }: CallContext): Promise<number | undefined> {
    const contract = barredContract(symbol);
    const head = await this.#heads.get(symbolOf(contract), { token }, async (shared) => {
      const text = await this.gateway.headTimestamp(contract, shared);
      return text === undefined ? undefined : headInstant(text, symbolOf(contract));
    });
    return head === undefined ? undefined : firstBar(calendarFor(contract), timeframe, head);
  }

  /**
   * An answer is whole when its oldest bar lies in the first cell asked for, or before it. What is missing at the old end
   * is asked for again, until it comes or IB says that there is nothing: the duration of a request counts sessions by
   * IB's calendar, which may differ from ours, and IB may cut a long answer. Where nothing older comes than the bar that
   * the time asked for lies in, there is nothing older.
   */
  async fetch(request: BarRequest, context: OperationContext<FetchBarsContext>): Promise<FetchedBars> {
    const { symbol, timeframe, range } = request;
    const contract = barredContract(symbol);
    const name = symbolOf(contract);
    const now = context.clock.now();
    const what = `${name} ${timeframe}`;
    if (range.start >= now) throw nothingYet(what, range.start);
    const calendar = calendarFor(contract);
    const firstCellEnd = expectedBars(calendar, timeframe, range).cellEnd[0] ?? range.end;
    const parts: Bars[] = [];
    for (let { end } = range; ;) {
      const asked = { start: range.start, end };
      const query = historyQuery(contract, { timeframe, range: asked }, now);
      const onPhase = (phase: string): void => {
        const requestsLeft = this.gateway.status().budget.history;
        context.progress.report({ phase, context: { requestsLeft } });
      };
      const answer = await this.gateway.history(query, { token: context.token, onPhase });
      const bars = stampByCell(this.#decode(answer, { query, timeframe, what }), timeframe, calendar);
      parts.unshift(barsInRange(bars, asked));
      const oldest = bars.time[0];
      if (oldest === undefined || oldest < firstCellEnd) break;
      if (oldest >= end) {
        if (cellStart(calendar, timeframe, oldest) <= end) break;
        throw beyondTheEnd(what, end);
      }
      end = oldest;
    }
    const bars = concatBars(parts);
    context.progress.report({ phase: 'fetching', done: 1, total: 1 });
    if (barCount(bars) > 0) return { kind: 'bars', bars };
    // That a bar does not exist yet is no fact to remember.
    if (range.end > finalBefore(calendar, timeframe, now)) throw nothingYet(what, range.start);
    return { kind: 'empty' };
  }

  #decode(
    answer: IbBars,
    { query, timeframe, what }: { query: HistoryQuery; timeframe: Timeframe; what: string },
  ): Bars {
    try {
      return decodeBars(answer, timeframe, what);
    } catch (damage) {
      this.gateway.refuse(query);
      throw damage;
    }
  }

  maxSpanMs(timeframe: Timeframe, { assetType }: Instrument): number {
    return maxSpanMs(timeframe, assetType);
  }

  estimateMs(requests: readonly number[]): number {
    return estimateMs(requests, defaultPacingLimits);
  }
}

/** Without a calendar of its own nobody can say which bars of a future should be there. */
function barredContract(symbol: string): IbContract {
  const contract = parseSymbol(symbol);
  if (contract.secType !== 'FUT') return contract;
  throw new KtrdrError(
    'failed_precondition',
    `${symbolOf(contract)} is a future, which can be described but not loaded: which bars of it should exist is not known. Load a stock, a fund, an index or a currency pair.`,
  );
}

/** The protocol sends an empty text for what is not known. */
function orElse(text: string | undefined, otherwise: string): string {
  return text === undefined || text === '' ? otherwise : text;
}

function headInstant(text: string, name: string): number {
  if (/^\d{1,11}$/.test(text)) return Number(text) * 1_000;
  throw new KtrdrError('data_corrupt', `"${text}" is not a time at which the history of ${name} could start.`);
}

function nothingYet(what: string, start: number): KtrdrError {
  return new KtrdrError(
    'failed_precondition',
    `${what}: there are no bars yet from ${new Date(start).toISOString()} on. Ask again when the first one has ended.`,
  );
}

function beyondTheEnd(what: string, end: number): KtrdrError {
  return new KtrdrError(
    'data_corrupt',
    `${what}: IB was asked for bars before ${new Date(end).toISOString()} and sent only later ones. Try again.`,
  );
}
