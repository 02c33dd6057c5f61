import type { Clock } from '../../async/index.ts';
import type { Logger } from '../../base/index.ts';
import type { BarSource } from './bars/bar-source.ts';
import type { FaultBoard } from './faults/fault-board.ts';
import type { Instrument } from './instruments/instruments.ts';
import type { BrokenRule } from './violations.ts';

/** What happened since the start. */
export interface GatewayCounters {
  connections: number;
  /** Messages received after the greeting. */
  messages: number;
  historyRequests: number;
  barsSent: number;
  /** Rules that clients broke: pacing, message rate, open requests, ids used twice. A well-behaved client breaks none. */
  violations: number;
}

/** What the parts of one gateway share. */
export interface GatewayContext {
  readonly now: () => number;
  /** Drives latency and live bars. */
  readonly timers: Pick<Clock, 'after' | 'elapsed'>;
  readonly instruments: readonly Instrument[];
  readonly source: BarSource;
  readonly faults: FaultBoard;
  readonly counters: GatewayCounters;
  readonly enforcePacing: boolean;
  readonly latencyMs: number;
  /** Of what is drawn by chance beside the bars. */
  readonly key: number;
  /** Symbols whose data the account has not subscribed to. */
  readonly withoutPermission: ReadonlySet<string>;
  readonly log: Logger;
  /** Notes a broken rule; `request` is -1 where no request broke it. */
  broken(rule: BrokenRule, connection: number, request?: number): void;
}
