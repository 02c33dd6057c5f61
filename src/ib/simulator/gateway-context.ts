import type { Clock } from '../../async/index.ts';
import type { Logger } from '../../base/index.ts';
import type { BarSource } from './bar-source.ts';
import type { FaultBoard } from './faults.ts';
import type { Instrument } from './instruments.ts';

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
  readonly log: Logger;
}
