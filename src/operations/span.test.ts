import { trace, type Span as OtelSpan, type SpanOptions, type Tracer } from '@opentelemetry/api';
import { afterEach, describe, expect, it } from 'vitest';
import { KtrdrError } from '../base/index.ts';
import { startSpan } from './span.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';

afterEach(() => trace.disable());

describe('startSpan()', () => {
  it('does nothing where no SDK is registered', () => {
    const span = startSpan('operation count', { traceId, kind: 'internal', attributes: {} });
    expect(span.traceparent).toBeUndefined();
    span.end(new KtrdrError('unavailable', 'gone'));
  });

  it('records in the trace that it is given, and ends with the code of an error', () => {
    const seen: unknown[] = [];
    const tracer = {
      startSpan(name: string, options: SpanOptions, context: never) {
        const parent = trace.getSpanContext(context);
        seen.push([name, options.attributes, parent?.traceId]);
        const span: Partial<OtelSpan> = {
          isRecording: () => true,
          spanContext: () => ({ traceId: parent?.traceId ?? '', spanId: 'b7ad6b7169203331', traceFlags: 1 }),
          setAttribute: (key, value) => (seen.push([key, value]), span as OtelSpan),
          setStatus: ({ message }) => (seen.push(message), span as OtelSpan),
          end: () => void seen.push('ended'),
        };
        return span as OtelSpan;
      },
    } as unknown as Tracer;
    trace.setGlobalTracerProvider({ getTracer: () => tracer });
    const span = startSpan('operation count', { traceId, kind: 'internal', attributes: { a: 1 } });
    expect(span.traceparent).toBe(`00-${traceId}-b7ad6b7169203331-01`);
    span.end(new KtrdrError('unavailable', 'gone'));
    expect(seen).toEqual([['operation count', { a: 1 }, traceId], ['error.type', 'unavailable'], 'gone', 'ended']);
  });
});
