import { barCount, dayMs, indexAtOrAfter, sliceBars, type Session } from '../../../market/index.ts';
import { headTimestamp, historicalDataUpdate, historicalSchedule } from '../protocol/answers.ts';
import type { Connection } from '../connection.ts';
import type { GatewayContext } from '../gateway-context.ts';
import { formatOf, makeAnswer, queryOf, sendAnswer, targetOf, type Answering } from './history-answer.ts';
import { planHistory } from './history-plan.ts';
import { HistoryRules } from './history-rules.ts';
import type { Instrument } from '../instruments/instruments.ts';
import { latencyMs } from '../faults/latency.ts';
import { announcements, Notice, refusals } from '../protocol/notices.ts';
import { OpenRequests, type ListedRequest, type OpenRequest } from '../open-requests.ts';
import type { ContractQuery, HeadTimestampRequest, HistoryRequest } from '../protocol/requests.ts';
import { tradingSessions } from '../instruments/trading-hours.ts';
import { writeBar } from '../bars/written-bar.ts';

/** What the desk needs of the gateway around it. */
interface FrontDesk {
  tell(connection: Connection, reqId: number, notice: Notice): void;
  resolve(contract: ContractQuery): Instrument | Notice;
}

const liveBarEveryMs = 5000;

/** Answers history and head-timestamp requests under the rules of the account. */
export class HistoryDesk {
  readonly #context: GatewayContext;
  readonly #front: FrontDesk;
  readonly #rules: HistoryRules;
  readonly #open = new OpenRequests();

  constructor(context: GatewayContext, front: FrontDesk) {
    this.#context = context;
    this.#front = front;
    this.#rules = new HistoryRules(context);
  }

  get open(): ListedRequest[] {
    return this.#open.list;
  }

  drop(connection: Connection): void {
    this.#open.drop(connection.number);
  }

  request(request: HistoryRequest, connection: Connection): void {
    const { counters, now } = this.#context;
    counters.historyRequests += 1;
    const { reqId } = request;
    const tell = (notice: Notice): void => this.#front.tell(connection, reqId, notice);
    if (this.#open.get(connection.number, reqId) !== undefined) return this.#isDuplicate(connection, reqId, 'history');
    const instrument = this.#front.resolve(request.contract);
    if (this.#isMute(request, connection)) return void this.#begin(request, connection);
    if (instrument instanceof Notice) return tell(instrument);
    const plan = planHistory(request, { instrument, now: now() });
    if (plan instanceof Notice) return tell(plan);
    const refusal = this.#rules.refuse(request, plan, { connection, instrument, open: this.#open.count });
    if (refusal !== undefined) return tell(refusal);
    if (plan.endWithoutZone) tell(announcements.endWithoutZone);

    const open = this.#begin(request, connection);
    const answering = { request, plan, instrument, connection };
    const delay = this.#latencyOf(answering);
    const answer = (): void => this.#answer(answering, open);
    if (delay === 0) answer();
    else open.timer = this.#context.timers.after(delay, answer);
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
      return this.#isDuplicate(connection, reqId, 'head_timestamp');
    const instrument = this.#front.resolve(request.contract);
    if (this.#isMute(request, connection)) return void this.#begin(request, connection);
    if (instrument instanceof Notice) return tell(instrument);
    const refusal = this.#rules.refuseHead(request, { connection, instrument, open: this.#open.count });
    if (refusal !== undefined) return tell(refusal);
    const first = this.#context.source.first(instrument, request.whatToShow.toUpperCase());
    if (first === undefined || first > this.#context.now()) return tell(refusals.noHead);
    this.#begin(request, connection);
    connection.send(headTimestamp(reqId, first, request.formatDate));
  }

  cancelHead(reqId: number, connection: Connection): void {
    this.#open.remove(connection.number, reqId, 'head_timestamp');
  }

  /** Ends live bars, of one connection or of all, as the gateway does when a trade that it told of is taken back. */
  bust(concerns: (connection: number) => boolean, tell: (connection: number, reqId: number) => void): void {
    for (const { connection, request, live } of this.#open.list) {
      if (!live || !concerns(connection)) continue;
      this.#open.remove(connection, request, 'history');
      tell(connection, request);
    }
  }

  #isMute(request: HistoryRequest | HeadTimestampRequest, connection: Connection): boolean {
    const { faults } = this.#context;
    const target = { ...connection.target, request: request.reqId, symbol: request.contract.symbol };
    return faults.has('connectivity_lost') || faults.strike('mute_history', target) !== undefined;
  }

  #isDuplicate(connection: Connection, reqId: number, kind: OpenRequest['kind']): void {
    this.#context.broken('duplicate_id', connection.number, reqId);
    this.#front.tell(connection, reqId, kind === 'history' ? refusals.duplicateQuery : refusals.duplicateId);
  }

  #begin(request: HistoryRequest | HeadTimestampRequest, connection: Connection): OpenRequest {
    const { symbol, localSymbol, conId } = request.contract;
    const open = {
      kind: request.kind,
      symbol: symbol || localSymbol || String(conId),
      since: this.#context.now(),
      live: request.kind === 'history' && request.keepUpToDate,
    };
    this.#open.add(connection.number, request.reqId, open);
    return open;
  }

  #latencyOf(answering: Answering): number {
    const { faults, counters, key } = this.#context;
    const slow = faults.strike('latency', targetOf(answering));
    if (slow === undefined) return this.#context.latencyMs;
    const bars = expectedBarsOf(answering);
    return this.#context.latencyMs + latencyMs(slow.ms, { bars, draw: counters.historyRequests, key });
  }

  #answer(answering: Answering, open: OpenRequest): void {
    const { request, plan, instrument, connection } = answering;
    const { reqId } = request;
    if (plan.whatToShow === 'SCHEDULE') {
      const sessions = tradingSessions(instrument, plan.window, request);
      this.#open.remove(connection.number, reqId, 'history');
      connection.send(historicalSchedule(reqId, { named: plan.named, zone: instrument.zone }, sessions));
      return;
    }
    open.timer = undefined;
    const making = makeAnswer(answering, this.#context, (answer) => {
      open.timer = undefined;
      if (!request.keepUpToDate) this.#open.remove(connection.number, reqId, 'history');
      if (answer.frame.count === 0 && !request.keepUpToDate) {
        this.#front.tell(connection, reqId, refusals.noData(instrument, plan.whatToShow));
        return;
      }
      sendAnswer(answering, answer, this.#context);
      if (request.keepUpToDate) this.#keepUpToDate(answering, open, answer.lastStamp);
    });
    if (open.timer === undefined && this.#open.get(connection.number, reqId) === open) open.timer = making;
  }

  /** Sends the bar in progress every five seconds, and before it the last state of one that has just ended. */
  #keepUpToDate(answering: Answering, open: OpenRequest, sentUntil: number | undefined): void {
    const { request, plan, connection } = answering;
    const { timers, source } = this.#context;
    open.timer = timers.after(liveBarEveryMs, () => {
      const now = this.#context.now();
      const window = { start: Math.max(plan.named.end, now - 2 * plan.barSize.ms), end: now };
      const recent = source.bars(queryOf({ ...answering, plan: { ...plan, window } }, now));
      const bars = sliceBars(recent, indexAtOrAfter(recent.time, sentUntil ?? -Infinity), barCount(recent));
      const format = formatOf(answering);
      for (let index = 0; index < barCount(bars); index += 1)
        connection.send(historicalDataUpdate(request.reqId, writeBar(bars, index, format)));
      this.#keepUpToDate(answering, open, bars.time.at(-1) ?? sentUntil);
    });
  }
}

/** About how many bars a request is for, by the hours of the instrument. */
function expectedBarsOf({ instrument, plan, request }: Answering): number {
  const sessions = tradingSessions(instrument, plan.window, request);
  if (plan.barSize.unit !== 'intraday') return Math.ceil((sessions.length * dayMs) / plan.barSize.ms);
  const within = ({ open, close }: Session): number =>
    Math.max(0, Math.min(close, plan.window.end) - Math.max(open, plan.window.start));
  return sessions.reduce((sum, session) => sum + Math.ceil(within(session) / plan.barSize.ms), 0);
}
