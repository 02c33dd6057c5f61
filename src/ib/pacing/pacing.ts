/**
 * What a request counts against. `small` requests (bars up to 30 seconds, head timestamps) fall under IB's hard pacing
 * rules, `history` under the soft ones for longer bars, `message` (contract details) only under the message rate.
 */
export interface PacedRequest {
  readonly kind: 'history' | 'small' | 'message';
  /** Equal for requests that IB would call identical. */
  readonly key: string;
  /** Contract, exchange and data type: what IB counts bursts by. */
  readonly instrument: string;
  /** Bids and asks together count twice. */
  readonly weight: 1 | 2;
}

export interface PacedStart extends PacedRequest {
  readonly at: number;
}

/** Starts with a weight of up to `count` in any `ms` milliseconds. */
interface Rate {
  readonly count: number;
  readonly ms: number;
}

export interface PacingLimits {
  readonly messages: Rate;
  readonly history: Rate;
  readonly small: Rate;
  readonly smallPerInstrument: Rate;
  /** An identical request is not sent again within this time. */
  readonly identicalMs: number;
  /** Open history and head-timestamp requests at most; how many it is now depends on how fast the gateway answers. */
  readonly inFlight: number;
  /** How long nothing is asked after IB complained about the pace; doubled with each complaint that follows. */
  readonly afterComplaintMs: number;
  readonly longestPauseMs: number;
}

/**
 * Below what IB documents (50 messages, 60 small requests, 50 open ones, the same after 15 s), so that its clock and ours may
 * differ a little, and a request may be on its way for longer than the next one.
 */
export const defaultPacingLimits: PacingLimits = {
  messages: { count: 20, ms: 1_000 },
  history: { count: 6, ms: 2_000 },
  small: { count: 58, ms: 600_000 },
  smallPerInstrument: { count: 5, ms: 2_000 },
  identicalMs: 16_000,
  inFlight: 10,
  afterComplaintMs: 15_000,
  longestPauseMs: 600_000,
};

/** A time in which IB wants to be left alone. */
export interface PacingPause {
  readonly until: number;
  readonly lengthMs: number;
}

export const noPause: PacingPause = { until: -Infinity, lengthMs: 0 };

/** What has been started, oldest first. Plain data; times on one clock. */
export interface PacingHistory {
  readonly limits: PacingLimits;
  readonly starts: readonly PacedStart[];
  readonly pause: PacingPause;
}

export interface PacingDecision {
  readonly at: number;
  /** Why not now, in words; absent when `at` is now. */
  readonly why?: string;
}

/** The earliest moment, not before `now`, at which a request may start without breaking a rule. Pure. */
export function nextAllowedAt(
  { limits, starts, pause }: PacingHistory,
  request: PacedRequest,
  now: number,
): PacingDecision {
  const { kind, weight } = request;
  const rules = [
    { at: pause.until, why: 'it asked for a pause' },
    { at: messagesAllow(starts, limits.messages), why: 'its message rate' },
    ...(kind === 'message'
      ? []
      : [{ at: identicalAllowedAt(starts, limits, request), why: 'the same was just asked' }]),
    ...(kind === 'history'
      ? [{ at: rateAllows(ofKind(starts, 'history'), limits.history, weight), why: 'its history rate' }]
      : []),
    ...(kind === 'small' ? smallRules(starts, limits, request) : []),
  ];
  const last = rules.reduce((latest, rule) => (rule.at > latest.at ? rule : latest));
  return last.at > now ? last : { at: now };
}

/** The pause that a complaint of IB makes due. Pure. */
export function pauseAfterComplaint(
  pause: PacingPause,
  { afterComplaintMs, longestPauseMs }: PacingLimits,
  now: number,
): PacingPause {
  // Complaints about what was under way with the first one tell nothing new.
  if (now < pause.until) return pause;
  const isRepeated = now - pause.until < longestPauseMs;
  const lengthMs = Math.min(longestPauseMs, isRepeated ? pause.lengthMs * 2 : afterComplaintMs);
  return { until: now + lengthMs, lengthMs };
}

/** The pause that ends last. Pure. */
export function laterOf(one: PacingPause | undefined, other: PacingPause): PacingPause {
  return one === undefined || other.until > one.until ? other : one;
}

/** How much weight requests of a kind have left in the window of its rate. Pure. */
export function budgetLeft(
  starts: readonly PacedStart[],
  { kind, limits }: { kind: 'history' | 'small'; limits: PacingLimits },
  now: number,
): number {
  const { count, ms } = limits[kind];
  const recent = ofKind(starts, kind).filter(({ at }) => now - at < ms);
  return Math.max(0, count - recent.reduce((sum, { weight }) => sum + weight, 0));
}

/** Drops the starts that no rule looks at any more. */
export function forgetOldStarts(starts: readonly PacedStart[], limits: PacingLimits, now: number): PacedStart[] {
  const shared = Math.max(limits.messages.ms, limits.history.ms, limits.identicalMs);
  const small = Math.max(shared, limits.small.ms, limits.smallPerInstrument.ms);
  return starts.filter(({ kind, at }) => now - at < (kind === 'small' ? small : shared));
}

function smallRules(
  starts: readonly PacedStart[],
  limits: PacingLimits,
  { instrument, weight }: PacedRequest,
): { at: number; why: string }[] {
  const small = ofKind(starts, 'small');
  const sameInstrument = small.filter((start) => start.instrument === instrument);
  return [
    { at: rateAllows(sameInstrument, limits.smallPerInstrument, weight), why: 'its rate for one instrument' },
    { at: rateAllows(small, limits.small, weight), why: 'its ten-minute budget' },
  ];
}

function identicalAllowedAt(
  starts: readonly PacedStart[],
  { identicalMs }: PacingLimits,
  { key }: PacedRequest,
): number {
  const identical = starts.findLast((start) => start.key === key);
  return (identical?.at ?? -Infinity) + identicalMs;
}

/** A start stops to count `ms` after it was made; with the window full, the next one waits until enough have left it. */
function rateAllows(starts: readonly PacedStart[], { count, ms }: Rate, weight: number): number {
  let left = count - weight;
  for (let index = starts.length - 1; index >= 0; index -= 1) {
    const start = starts[index];
    left -= start?.weight ?? 0;
    if (start !== undefined && left < 0) return start.at + ms;
  }
  return -Infinity;
}

/** Each start is one message, whatever its weight. */
function messagesAllow(starts: readonly PacedStart[], { count, ms }: Rate): number {
  const first = starts.at(-count);
  return first === undefined ? -Infinity : first.at + ms;
}

function ofKind(starts: readonly PacedStart[], kind: PacedRequest['kind']): PacedStart[] {
  return starts.filter((start) => start.kind === kind);
}
