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
}

export interface PacedStart extends PacedRequest {
  readonly at: number;
}

/** Up to `count` starts in any `ms` milliseconds. */
interface Rate {
  readonly count: number;
  readonly ms: number;
}

export interface PacingLimits {
  readonly messages: Rate;
  readonly history: Rate;
  readonly small: Rate;
  readonly smallPerInstrument: Rate;
  /** An identical small request is refused within this time. */
  readonly identicalMs: number;
  /** Open history and head-timestamp requests; IB's own limit is 50. */
  readonly inFlight: number;
  /** How long nothing is asked after IB complained about the pace. */
  readonly afterComplaintMs: number;
}

/** Below what IB documents, so that its clock and ours may differ a little. */
export const defaultPacingLimits: PacingLimits = {
  messages: { count: 20, ms: 1_000 },
  history: { count: 6, ms: 2_000 },
  small: { count: 58, ms: 600_000 },
  smallPerInstrument: { count: 5, ms: 2_000 },
  identicalMs: 15_000,
  inFlight: 3,
  afterComplaintMs: 15_000,
};

/** What has been started, oldest first, and until when IB wants to be left alone. Plain data; times on one clock. */
export interface PacingHistory {
  readonly limits: PacingLimits;
  readonly starts: readonly PacedStart[];
  readonly heldUntil: number;
}

export interface PacingDecision {
  readonly at: number;
  /** Why not now, in words; absent when `at` is now. */
  readonly why?: string;
}

/** The earliest moment, not before `now`, at which a request may start without breaking a rule. Pure. */
export function nextAllowedAt(
  { limits, starts, heldUntil }: PacingHistory,
  request: PacedRequest,
  now: number,
): PacingDecision {
  const rules = [
    { at: heldUntil, why: 'IB asked for a pause' },
    { at: rateAllows(starts, limits.messages), why: 'the message rate of IB' },
    ...(request.kind === 'history'
      ? [{ at: rateAllows(ofKind(starts, 'history'), limits.history), why: 'the history rate of IB' }]
      : []),
    ...(request.kind === 'small' ? smallRules(starts, limits, request) : []),
  ];
  const last = rules.reduce((latest, rule) => (rule.at > latest.at ? rule : latest));
  return last.at > now ? last : { at: now };
}

function smallRules(
  starts: readonly PacedStart[],
  limits: PacingLimits,
  request: PacedRequest,
): { at: number; why: string }[] {
  const small = ofKind(starts, 'small');
  const sameInstrument = small.filter(({ instrument }) => instrument === request.instrument);
  const identical = sameInstrument.findLast(({ key }) => key === request.key);
  return [
    { at: (identical?.at ?? -Infinity) + limits.identicalMs, why: 'the same request was sent a moment ago' },
    { at: rateAllows(sameInstrument, limits.smallPerInstrument), why: 'the rate of IB for one instrument' },
    { at: rateAllows(small, limits.small), why: 'the ten-minute budget of IB' },
  ];
}

/** A start stops to count `ms` after it was made; with the window full, the next one waits for the oldest to leave it. */
function rateAllows(starts: readonly PacedStart[], { count, ms }: Rate): number {
  return (starts.at(-count)?.at ?? -Infinity) + ms;
}

function ofKind(starts: readonly PacedStart[], kind: PacedRequest['kind']): PacedStart[] {
  return starts.filter((start) => start.kind === kind);
}

/** Drops the starts that no rule looks at any more. */
export function forgetOldStarts(starts: readonly PacedStart[], limits: PacingLimits, now: number): PacedStart[] {
  const shared = Math.max(limits.messages.ms, limits.history.ms);
  const small = Math.max(shared, limits.small.ms, limits.smallPerInstrument.ms, limits.identicalMs);
  return starts.filter(({ kind, at }) => now - at < (kind === 'small' ? small : shared));
}
