import type { Clock } from '../../async/index.ts';
import type { Logger } from '../../base/index.ts';
import type { GatewayAddress } from './gateway-errors.ts';

/** In milliseconds. */
export interface SessionTimeouts {
  /** From the first byte to the gateway's word that it is ready. */
  readonly connectMs: number;
  /** How long the notices of the data farms are waited for; requests sent before them may never be answered. */
  readonly farmsMs: number;
  /** Contract details and head timestamps. */
  readonly lookupMs: number;
  readonly historyMs: number;
  /** Between two probes of the gateway; two unanswered ones end the session. */
  readonly probeMs: number;
}

export const defaultTimeouts: SessionTimeouts = {
  connectMs: 10_000,
  farmsMs: 5_000,
  lookupMs: 15_000,
  historyMs: 60_000,
  probeMs: 15_000,
};

export interface SessionOptions {
  readonly address: GatewayAddress;
  readonly clientId: number;
  readonly timeouts: SessionTimeouts;
  /** The last line of defence against a pace that IB ends connections for; what asks first keeps a slower one. */
  readonly mostMessagesPerSecond: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** IB says that too much was asked too fast, about one request or about all. */
  readonly onPaceComplaint: () => void;
}
