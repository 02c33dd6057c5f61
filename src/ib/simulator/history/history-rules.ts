import { smallBarMs } from '../bars/bar-size.ts';
import type { Connection } from '../connection.ts';
import type { GatewayContext } from '../gateway-context.ts';
import type { HistoryPlan } from './history-plan.ts';
import type { Instrument } from '../instruments/instruments.ts';
import { refusals, type Notice } from '../protocol/notices.ts';
import type { HeadTimestampRequest, HistoryRequest } from '../protocol/requests.ts';
import { PacingLedger } from '../rules.ts';
import type { BrokenRule } from '../violations.ts';

/** The gateway allows so many open requests at a time, over all clients. */
const mostOpen = 50;

interface Asked {
  readonly connection: Connection;
  readonly instrument: Instrument;
  /** How many requests are open already. */
  readonly open: number;
}

/** The rules of one account that history requests and head timestamps have to keep. A broken one is noted. */
export class HistoryRules {
  readonly #context: GatewayContext;
  readonly #ledger = new PacingLedger();

  constructor(context: GatewayContext) {
    this.#context = context;
  }

  /** Why a history request is refused; undefined when it keeps all rules. */
  refuse(request: HistoryRequest, plan: HistoryPlan, asked: Asked): Notice | undefined {
    const { faults, withoutPermission } = this.#context;
    const { connection, instrument, open } = asked;
    const target = { ...connection.target, request: request.reqId, symbol: instrument.symbol };
    if (withoutPermission.has(instrument.symbol))
      return request.keepUpToDate ? refusals.notSubscribed : refusals.noPermission(instrument);
    if (faults.strike('different_ip', target) !== undefined) return refusals.differentIp;
    if (faults.strike('false_pacing_violation', target) !== undefined) return refusals.pacing;
    const broken = (rule: BrokenRule, notice: Notice): Notice => this.#broken(rule, notice, { request, connection });
    if (open >= mostOpen) return broken('open_requests', refusals.tooManyOpen);
    if (plan.barSize.ms > smallBarMs || this.#isPaced(request, instrument)) return undefined;
    return request.keepUpToDate ? broken('live_pacing', refusals.livePacing) : broken('pacing', refusals.pacing);
  }

  /** Head timestamps obey the rules of small bars. */
  refuseHead(request: HeadTimestampRequest, { connection, instrument, open }: Asked): Notice | undefined {
    if (this.#context.withoutPermission.has(instrument.symbol)) return refusals.noPermission(instrument);
    const about = { request, connection };
    if (open >= mostOpen) return this.#broken('open_requests', refusals.tooManyOpen, about);
    return this.#isPaced(request, instrument) ? undefined : this.#broken('pacing', refusals.pacing, about);
  }

  #broken(
    rule: BrokenRule,
    notice: Notice,
    { request, connection }: { request: { reqId: number }; connection: Connection },
  ): Notice {
    this.#context.broken(rule, connection.number, request.reqId);
    return notice;
  }

  #isPaced(request: HistoryRequest | HeadTimestampRequest, instrument: Instrument): boolean {
    if (!this.#context.enforcePacing) return true;
    const { reqId: _, contract, ...rest } = request;
    const small = {
      identity: JSON.stringify([instrument.conId, contract.exchange, rest]),
      series: `${instrument.conId}/${contract.exchange}/${request.whatToShow}`,
      weight: request.whatToShow.toUpperCase() === 'BID_ASK' ? 2 : 1,
    } as const;
    return this.#ledger.admit(small, this.#context.now());
  }
}
