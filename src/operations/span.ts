import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags, type Attributes } from '@opentelemetry/api';
import { newSpanId, type KtrdrError } from '../base/index.ts';

/** A span of OpenTelemetry: exported where the user has registered an SDK, free of effect otherwise. */
export interface Span {
  /** For the next request on the way; undefined when nobody records this span. */
  readonly traceparent: string | undefined;
  end(error?: KtrdrError): void;
}

interface SpanOptions {
  /** 32 hexadecimal digits; the span belongs to this trace. */
  traceId: string | undefined;
  kind: 'client' | 'server' | 'internal';
  /** Of bounded variety, except for ids. */
  attributes: Attributes;
}

const kinds = { client: SpanKind.CLIENT, server: SpanKind.SERVER, internal: SpanKind.INTERNAL };
const hexTraceId = /^[\da-f]{32}$/;

export function startSpan(name: string, { traceId, kind, attributes }: SpanOptions): Span {
  // Records keep the trace, not the span that asked: the parent is a stand-in that ties the span to its trace.
  const parent =
    traceId !== undefined && hexTraceId.test(traceId)
      ? trace.setSpanContext(ROOT_CONTEXT, {
          traceId,
          spanId: newSpanId(),
          traceFlags: TraceFlags.SAMPLED,
          isRemote: true,
        })
      : ROOT_CONTEXT;
  const span = trace.getTracer('ktrdr').startSpan(name, { kind: kinds[kind], attributes }, parent);
  if (!span.isRecording()) return ignored;
  const { traceId: ownTrace, spanId, traceFlags } = span.spanContext();
  return {
    traceparent: `00-${ownTrace}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
    end(error) {
      if (error !== undefined) {
        span.setAttribute('error.type', error.code);
        span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      }
      span.end();
    },
  };
}

const ignored: Span = { traceparent: undefined, end: () => {} };
