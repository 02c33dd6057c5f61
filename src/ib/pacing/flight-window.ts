/**
 * How many requests may be open at once, by how fast the gateway answers: additive increase, multiplicative decrease, as
 * TCP does it. A gateway that gets slower is loaded, and asking more would only make it disconnect.
 */
export interface FlightWindow {
  /** The integer below it counts. */
  readonly size: number;
  /** Up to here it grows with every answer, above it with every window full of them. */
  readonly threshold: number;
  /** When it was last made smaller. */
  readonly cutAt: number;
  /** Usual service times, by what was asked. */
  readonly usualMs: ReadonlyMap<string, number>;
}

export interface ServedRequest {
  /** Requests of one effort should take the same time: bar size and duration. */
  readonly effort: string;
  readonly startedAt: number;
  readonly endedAt: number;
  /** False for one that was not answered in time, or refused for its pace. */
  readonly wasServed: boolean;
}

/** One burst of IB's rule for history, six in two seconds, is what a gateway has to be able to take. */
const firstSize = 6;

export function newFlightWindow(most: number): FlightWindow {
  return { size: Math.min(firstSize, most), threshold: most, cutAt: -Infinity, usualMs: new Map() };
}

const slowFactor = 3;
/** Below this nothing is slow: so much any request may take. */
const slowMs = 2_000;
/** Of a longer time, so much goes into what is usual; a shorter one is believed at once. */
const learning = 0.1;
const mostEfforts = 200;

/** The window after a request has ended. Pure. */
export function afterRequest(window: FlightWindow, served: ServedRequest, most: number): FlightWindow {
  const { effort, startedAt, endedAt, wasServed } = served;
  const serviceMs = endedAt - startedAt;
  const usual = window.usualMs.get(effort);
  const isSlow = usual !== undefined && serviceMs > Math.max(slowMs, slowFactor * usual);
  const usualMs = wasServed ? learn(window.usualMs, effort, serviceMs) : window.usualMs;
  if (wasServed && !isSlow) {
    const growth = window.size < window.threshold ? 1 : 1 / window.size;
    return { ...window, usualMs, size: Math.min(most, window.size + growth) };
  }
  // One cut for one trouble: what was under way meanwhile suffered from the same.
  if (startedAt < window.cutAt) return { ...window, usualMs };
  const size = Math.max(1, Math.floor(window.size / 2));
  return { size, threshold: size, cutAt: endedAt, usualMs };
}

function learn(known: ReadonlyMap<string, number>, effort: string, serviceMs: number): ReadonlyMap<string, number> {
  const usual = known.get(effort);
  const next = usual === undefined || serviceMs < usual ? serviceMs : usual + learning * (serviceMs - usual);
  const others = [...known].filter(([name]) => name !== effort);
  return new Map([...others.slice(-mostEfforts), [effort, next]]);
}
