import { barCount, indexAtOrAfter, sliceBars, type Bars } from '../../market/index.ts';
import {
  headTimestamp,
  historicalData,
  historicalDataEnd,
  historicalDataUpdate,
  historicalSchedule,
  type BarFormat,
} from './answers.ts';
import { smallBarMs } from './bar-size.ts';
import type { BarQuery } from './bar-source.ts';
import type { Connection } from './connection.ts';
import type { GatewayContext } from './gateway-context.ts';
import { planHistory, type HistoryPlan } from './history-plan.ts';
import type { Instrument } from './instruments.ts';
import { announcements, Notice, refusals } from './notices.ts';
import { OpenRequests, type OpenRequest } from './open-requests.ts';
import type { ContractQuery, HeadTimestampRequest, HistoryRequest } from './requests.ts';
import { PacingLedger } from './rules.ts';
import { tradingSessions } from './trading-hours.ts';

/** What the desk needs of the gateway around it. */
interface FrontDesk {
  tell(connection: Connection, reqId: number, notice: Notice): void;
  resolve(contract: ContractQuery): Instrument | Notice;
}

const mostOpen = 50;
const liveBarEveryMs = 5000;

/** Answers history and head-timestamp requests under the rules of the account. */
export class HistoryDesk {
  readonly #context: GatewayContext;
  readonly #front: FrontDesk;
  readonly #open = new OpenRequests();
  readonly #ledger = new PacingLedger();

  constructor(context: GatewayContext, front: FrontDesk) {
    this.#context = context;
    this.#front = front;
  }

  drop(connection: Connection): void {
    this.#open.drop(connection.number);
  }

  request(request: HistoryRequest, connection: Connection): void {
    const { counters, faults, now } = this.#context;
    counters.historyRequests += 1;
    const { reqId } = request;
    const tell = (notice: Notice): void => this.#front.tell(connection, reqId, notice);
    if (this.#open.get(connection.number, reqId) !== undefined)
      return this.#violation(() => tell(refusals.duplicateQuery));
    const instrument = this.#front.resolve(request.contract);
    if (this.#mute) return void this.#begin(connection, reqId, { kind: 'history' });
    if (instrument instanceof Notice) return tell(instrument);
    const plan = planHistory(request, { instrument, now: now() });
    if (plan instanceof Notice) return tell(plan);
    if (faults.take('false_pacing_violation')) return tell(refusals.pacing);
    if (this.#tooMany(tell)) return;
    if (plan.barSize.ms <= smallBarMs && !this.#paced(request, { instrument, tell })) return;
    if (plan.endWithoutZone) tell(announcements.endWithoutZone);

    const open = this.#begin(connection, reqId, { kind: 'history' });
    const latencyMs = this.#context.latencyMs + faults.latencyMs;
    const answer = (): void => this.#answer({ request, plan, instrument, connection, open });
    if (latencyMs === 0) answer();
    else open.timer = this.#context.timers.after(latencyMs, answer);
  }

  cancel(reqId: number, connection: Connection): void {
    const found = this.#open.remove(connection.number, reqId, 'history');
    this.#front.tell(connection, reqId, found ? refusals.cancelled(reqId) : refusals.unknownQuery(reqId));
  }

  /** Stays open after its answer until it is cancelled, and so counts towards the limit. */
  requestHead(request: HeadTimestampRequest, connection: Connection): void {
    const { reqId } = request;
    const tell = (notice: Notice): void => this.#front.tell(connection, reqId, notice);
    if (this.#open.get(connection.number, reqId) !== undefined)
      return this.#violation(() => tell(refusals.duplicateId));
    const instrument = this.#front.resolve(request.contract);
    if (this.#mute) return void this.#begin(connection, reqId, { kind: 'head_timestamp' });
    if (instrument instanceof Notice) return tell(instrument);
    if (this.#tooMany(tell) || !this.#paced(request, { instrument, tell })) return;
    const first = this.#context.source.first(instrument, request.whatToShow.toUpperCase());
    if (first === undefined || first > this.#context.now()) return tell(refusals.noHead);
    this.#begin(connection, reqId, { kind: 'head_timestamp' });
    connection.send(headTimestamp(reqId, first, request.formatDate));
  }

  cancelHead(reqId: number, connection: Connection): void {
    this.#open.remove(connection.number, reqId, 'head_timestamp');
  }

  get #mute(): boolean {
    const { faults } = this.#context;
    return faults.has('mute_history') || faults.has('connectivity_lost');
  }

  #begin(connection: Connection, reqId: number, request: OpenRequest): OpenRequest {
    this.#open.add(connection.number, reqId, request);
    return request;
  }

  #violation(tell: () => void): void {
    this.#context.counters.violations += 1;
    tell();
  }

  #tooMany(tell: (notice: Notice) => void): boolean {
    if (this.#open.count < mostOpen) return false;
    this.#violation(() => tell(refusals.tooManyOpen));
    return true;
  }

  #paced(
    request: HistoryRequest | HeadTimestampRequest,
    { instrument, tell }: { instrument: Instrument; tell: (notice: Notice) => void },
  ): boolean {
    if (!this.#context.enforcePacing) return true;
    const { reqId: _, contract, ...rest } = request;
    const small = {
      identity: JSON.stringify([instrument.conId, contract.exchange, rest]),
      series: `${instrument.conId}/${contract.exchange}/${request.whatToShow}`,
      weight: request.whatToShow.toUpperCase() === 'BID_ASK' ? 2 : 1,
    } as const;
    if (this.#ledger.admit(small, this.#context.now())) return true;
    this.#violation(() => tell(refusals.pacing));
    return false;
  }

  #answer({ request, plan, instrument, connection, open }: Answering): void {
    const { reqId } = request;
    const { faults, counters } = this.#context;
    if (plan.whatToShow === 'SCHEDULE') {
      const sessions = tradingSessions(instrument, plan.window, request);
      this.#open.remove(connection.number, reqId, 'history');
      connection.send(historicalSchedule(reqId, { named: plan.named, zone: instrument.zone }, sessions));
      return;
    }
    const bars = this.#bars({ request, plan, instrument });
    if (barCount(bars) === 0 && !request.keepUpToDate) {
      this.#open.remove(connection.number, reqId, 'history');
      this.#front.tell(connection, reqId, refusals.noData(instrument, plan.whatToShow));
      return;
    }
    counters.barsSent += barCount(bars);
    const { version } = connection;
    const data = historicalData({ reqId, version, named: plan.named }, bars, formatOf({ request, plan, instrument }));
    if (faults.take('drop_mid_frame')) return connection.sendHalf(data);
    connection.send(data);
    if (version >= 196) connection.send(historicalDataEnd(reqId, plan.named, instrument.zone));
    if (request.keepUpToDate) this.#keepUpToDate({ request, plan, instrument, connection, open }, bars.time.at(-1));
    else this.#open.remove(connection.number, reqId, 'history');
  }

  /** Sends the bar in progress every five seconds, and before it the last state of one that has just ended. */
  #keepUpToDate(answering: Answering, sentUntil: number | undefined): void {
    const { request, plan, instrument, connection, open } = answering;
    open.timer = this.#context.timers.after(liveBarEveryMs, () => {
      const now = this.#context.now();
      const window = { start: Math.max(plan.named.end, now - 2 * plan.barSize.ms), end: now };
      const recent = this.#bars({ request, plan: { ...plan, window }, instrument });
      const bars = sliceBars(recent, indexAtOrAfter(recent.time, sentUntil ?? -Infinity), barCount(recent));
      const format = formatOf({ request, plan, instrument });
      for (let index = 0; index < barCount(bars); index += 1)
        connection.send(historicalDataUpdate(request.reqId, { bars, index }, format));
      this.#keepUpToDate(answering, bars.time.at(-1) ?? sentUntil);
    });
  }

  #bars({ request, plan, instrument }: Omit<Answering, 'connection' | 'open'>): Bars {
    const now = this.#context.now();
    const query: BarQuery = {
      instrument,
      barSize: plan.barSize,
      whatToShow: plan.whatToShow,
      regularHoursOnly: request.regularHoursOnly,
      window: { start: plan.window.start, end: Math.min(plan.window.end, now) },
      now,
    };
    return this.#context.source.bars(query);
  }
}

interface Answering {
  readonly request: HistoryRequest;
  readonly plan: HistoryPlan;
  readonly instrument: Instrument;
  readonly connection: Connection;
  readonly open: OpenRequest;
}

function formatOf({ request, plan, instrument }: Pick<Answering, 'request' | 'plan' | 'instrument'>): BarFormat {
  return {
    kind: plan.barSize.kind === 'intraday' ? 'intraday' : 'day',
    formatDate: request.formatDate,
    zone: instrument.zone,
  };
}
