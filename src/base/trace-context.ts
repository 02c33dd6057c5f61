/**
 * W3C Trace Context, level 1: one trace id from the command to the thread, a span id for every request on the way.
 * `tracestate` is not carried.
 */

const traceparent = /^(?!ff)([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const nothing = /^0+$/;
/** Somebody keeps a record of this trace: the logs do. */
const sampled = '01';

/** What a `traceparent` header says. */
export interface TraceParent {
  readonly traceId: string;
  /** The span of the sender. */
  readonly spanId: string;
  readonly flags: number;
}

/** Reads a `traceparent` header; undefined for one that the specification says to ignore. */
export function parseTraceparent(header: string | undefined): TraceParent | undefined {
  const [, version, traceId = '', spanId = '', flags = '', more] = traceparent.exec(header ?? '') ?? [];
  if (version === undefined || nothing.test(traceId) || nothing.test(spanId)) return undefined;
  // Only later versions may say more than this one knows.
  if (version === '00' && more !== undefined) return undefined;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

export function traceIdOf(header: string | undefined): string | undefined {
  return parseTraceparent(header)?.traceId;
}

export function newTraceId(): string {
  return randomHex(32);
}

/** The header of one request within a trace, under a span id of its own. */
export function traceparentOf(traceId: string): string {
  return `00-${traceId}-${newSpanId()}-${sampled}`;
}

export function newSpanId(): string {
  return randomHex(16);
}

/** Told apart, and no secret: what OpenTelemetry draws its ids from is enough. */
function randomHex(digits: number): string {
  let hex = '';
  while (hex.length < digits)
    hex += Math.floor(Math.random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return nothing.test(hex) ? randomHex(digits) : hex;
}
