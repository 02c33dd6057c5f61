import { describe, expect, it } from 'vitest';
import { newTraceId, traceIdOf, traceparentOf } from './trace-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

describe('traceIdOf()', () => {
  it('reads what this version and later ones say', () => {
    expect(traceIdOf(`00-${traceId}-${spanId}-01`)).toBe(traceId);
    expect(traceIdOf(`00-${traceId}-${spanId}-00`)).toBe(traceId);
    expect(traceIdOf(`cc-${traceId}-${spanId}-01`)).toBe(traceId);
    expect(traceIdOf(`cc-${traceId}-${spanId}-01-what-is-not-known-yet`)).toBe(traceId);
  });

  it.each([
    undefined,
    '',
    traceId,
    `ff-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `cc-${traceId}-${spanId}-01.more`,
    `00-${traceId}-${spanId}-1`,
    `00-${traceId}-${spanId}`,
    `00-${traceId.slice(1)}-${spanId}-01`,
    ` 00-${traceId}-${spanId}-01`,
  ])('ignores %j', (header) => {
    expect(traceIdOf(header)).toBeUndefined();
  });
});

describe('traceparentOf()', () => {
  it('keeps the trace and gives every request a span of its own', () => {
    const id = newTraceId();
    const headers = Array.from({ length: 100 }, () => traceparentOf(id));
    expect(headers.map(traceIdOf)).toEqual(headers.map(() => id));
    expect(new Set(headers).size).toBe(100);
  });
});
