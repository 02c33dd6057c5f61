import { randomUUID } from 'node:crypto';

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
  /** Of whoever sent the request. */
  readonly spanId: string;
  readonly flags: number;
}

/** Reads a `traceparent` header; nothing for one that the specification has ignored. */
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
  return randomHex();
}

/** The header of one request within a trace, under a span id of its own. */
export function traceparentOf(traceId: string): string {
  return `00-${traceId}-${newSpanId()}-${sampled}`;
}

export function newSpanId(): string {
  return randomHex().slice(16);
}

/** 32 digits, of which neither half is ever all zeros. From a UUID, whose randomness is drawn ahead: every request needs one. */
function randomHex(): string {
  return randomUUID().replaceAll('-', '');
}
