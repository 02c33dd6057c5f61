import {
  context,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api';
import { newSpanId, parseTraceparent, type KtrdrError } from '../base/index.ts';

/** A span of OpenTelemetry: exported where the user has registered an SDK, free of effect and cost otherwise. */
export interface Span {
  /** For the next request on the way; undefined when there is no SDK. */
  readonly traceparent: string | undefined;
  /** What `act` begins, at whatever depth, has this span as its parent. */
  run<T>(act: () => T): T;
  end(error?: KtrdrError): void;
}

interface SpanOptions {
  kind: 'client' | 'server' | 'internal';
  /** Of bounded variety, except for ids. */
  attributes: Attributes;
  /** 32 hexadecimal digits; the span belongs to this trace. */
  traceId?: string | undefined;
  /** The header of the request that the span is for. */
  traceparent?: string | undefined;
}

const kinds = { client: SpanKind.CLIENT, server: SpanKind.SERVER, internal: SpanKind.INTERNAL };
const hexTraceId = /^[\da-f]{32}$/;

export function startSpan(name: string, { kind, attributes, ...place }: SpanOptions): Span {
  const tracer = registeredTracer();
  if (tracer === undefined) return ignored;
  const parent = parentOf(place);
  const span = tracer.startSpan(name, { kind: kinds[kind], attributes }, parent);
  const within = trace.setSpan(parent, span);
  return {
    traceparent: headerOf(span.spanContext()),
    run: (act) => context.with(within, act),
    end(error) {
      if (error !== undefined) {
        span.setAttribute('error.type', error.code);
        span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      }
      span.end();
    },
  };
}

const ignored: Span = { traceparent: undefined, run: (act) => act(), end: () => {} };

function registeredTracer(): Tracer | undefined {
  const provider = trace.getTracerProvider();
  return provider instanceof ProxyTracerProvider ? provider.getDelegateTracer('ktrdr') : provider.getTracer('ktrdr');
}

/** The span that this process is in, if it is of the trace; else the one that sent the request. */
function parentOf({ traceId, traceparent }: Pick<SpanOptions, 'traceId' | 'traceparent'>): Context {
  const sender = parseTraceparent(traceparent);
  const wanted = traceId ?? sender?.traceId;
  const active = context.active();
  if (wanted === undefined || trace.getSpanContext(active)?.traceId === wanted) return active;
  if (sender?.traceId === wanted) return remote(wanted, sender.spanId, sender.flags);
  // Records keep the trace and not the span, which may be long gone when work is taken up again: a stand-in ties the two.
  return hexTraceId.test(wanted) ? remote(wanted, newSpanId(), TraceFlags.SAMPLED) : active;
}

function remote(traceId: string, spanId: string, traceFlags: number): Context {
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function headerOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}
