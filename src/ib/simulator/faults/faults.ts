import { z } from 'zod';
import { latencySchema } from './latency.ts';

/** Whom a fault concerns, and how often. What is not named is not asked for: an empty scope concerns everybody. */
const scope = {
  /** Number of the connection, counted from 1. */
  connection: z.number().int().min(1).optional(),
  /** Client id of the session. */
  client: z.number().int().min(0).optional(),
  /** Id of the request. */
  request: z.number().int().optional(),
  /** Symbol of the request's contract. */
  symbol: z.string().optional(),
  /** How often it strikes before it is over; without it a single fault strikes once and a standing one until it is lifted. */
  count: z.number().int().min(1).optional(),
};

const fault = <K extends string>(kind: K) => z.strictObject({ kind: z.literal(kind), ...scope });

/** What can go wrong with a gateway, on purpose. A standing fault holds until it is lifted, a single one happens once. */
export const gatewayFaultSchema = z.discriminatedUnion('kind', [
  /** Standing: nothing more is sent, not even the rest of an answer; connections are still accepted. */
  fault('silence'),
  /** Standing: history requests are never answered. */
  fault('mute_history'),
  /** Standing: a new client is told its accounts but never its next valid id. */
  fault('no_next_valid_id'),
  /** Standing: every byte is written on its own. */
  fault('split_frames'),
  /** Standing: so many bytes a second and no more. */
  fault('trickle').extend({ bytesPerSecond: z.number().int().min(1).default(1) }),
  /** Standing: a history answer takes this much longer. */
  fault('latency').extend({ ms: latencySchema }),
  /**
   * Standing: 1100 when it begins and again after every `repeatMs`, 1102 when it is lifted, or 1101; in between history is
   * mute and contracts are unknown.
   */
  fault('connectivity_lost').extend({
    dataLost: z.boolean().optional(),
    repeatMs: z.number().int().min(100).default(5000),
  }),
  /** Standing: 2103, 2105, 2157 when it begins, 2104, 2106, 2158 when it is lifted. */
  fault('farm_down'),
  /**
   * Standing: whenever the gateway's clock lies in a window of the nightly reset, connectivity is lost, and all sockets are
   * closed once, `closeAfterMs` after the beginning.
   */
  fault('nightly_reset').extend({ closeAfterMs: z.number().int().min(0).default(600_000) }),
  /** Single: a new connection is closed at once. */
  fault('accept_then_close'),
  /** Single: a new connection is reset (RST). */
  fault('reset_at_connect'),
  /** Single: a history request is refused with a pacing violation, although the rules were kept. */
  fault('false_pacing_violation'),
  /** Single: a history request is refused because the login is in use elsewhere. */
  fault('different_ip'),
  /** Single: the connection ends in the middle of a history answer. */
  fault('drop_mid_frame'),
  /** Single: a history answer holds one bar more than it announces. */
  fault('extra_bar'),
  /** Single: from its middle on, a history answer repeats one bar's prices. */
  fault('stale_series'),
  /** Single: the first half of a history answer comes after the second. */
  fault('unordered_bars'),
  /** Single: a history answer, or contract details, end twice. */
  fault('duplicate_end'),
  /** Single: a frame of nonsense comes before a history answer. */
  fault('garbage_frame'),
  /** Single, at once: connections are cut off. */
  fault('drop_connections'),
  /** Single, at once: live bars end with 10225 and want to be asked for again. */
  fault('bust_event'),
]);

/** As it is given: what has a default may be left out. */
export type GatewayFault = z.input<typeof gatewayFaultSchema>;

/** With its defaults. */
export type ParsedFault = z.output<typeof gatewayFaultSchema>;

export type FaultKind = GatewayFault['kind'];

/** Faults that happen and are over. All others stand. */
export const singleFaults: ReadonlySet<FaultKind> = new Set([
  'accept_then_close',
  'reset_at_connect',
  'false_pacing_violation',
  'different_ip',
  'drop_mid_frame',
  'extra_bar',
  'stale_series',
  'unordered_bars',
  'duplicate_end',
  'garbage_frame',
  'drop_connections',
  'bust_event',
]);
