import { createRequire } from 'node:module';
import type { Attributes, Context, ProxyTracerProvider, SpanContext, Tracer, TracerProvider } from '@opentelemetry/api';
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

type Api = typeof import('@opentelemetry/api');

const spanKinds = { client: 'CLIENT', server: 'SERVER', internal: 'INTERNAL' } as const;
const hexTraceId = /^[\da-f]{32}$/;

export function startSpan(name: string, { kind, attributes, ...place }: SpanOptions): Span {
  const api = registeredApi();
  const tracer = api && registeredTracer(api);
  if (api === undefined || tracer === undefined) return ignored;
  const { context, SpanKind, SpanStatusCode, trace } = api;
  const parent = parentOf(api, place);
  const span = tracer.startSpan(name, { kind: SpanKind[spanKinds[kind]], attributes }, parent);
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

/**
 * Where every copy of the API keeps what was registered with any of them. Before somebody has, none needs to be read, which
 * a short command would notice.
 */
const registry = Symbol.for('opentelemetry.js.api.1');
let loaded: Api | undefined;

function registeredApi(): Api | undefined {
  if (!(registry in globalThis)) return undefined;
  return (loaded ??= createRequire(import.meta.url)('@opentelemetry/api') as Api);
}

/** A proxy stands for the one that may be registered yet, and can be of another copy than ours. */
function registeredTracer({ trace }: Api): Tracer | undefined {
  const provider: TracerProvider & Partial<Pick<ProxyTracerProvider, 'getDelegateTracer'>> = trace.getTracerProvider();
  return provider.getDelegateTracer === undefined ? provider.getTracer('ktrdr') : provider.getDelegateTracer('ktrdr');
}

/** The span that this process is in, if it is of the trace; else the one that sent the request. */
function parentOf(api: Api, { traceId, traceparent }: Pick<SpanOptions, 'traceId' | 'traceparent'>): Context {
  const { context, trace, TraceFlags } = api;
  const sender = parseTraceparent(traceparent);
  const wanted = traceId ?? sender?.traceId;
  const active = context.active();
  if (wanted === undefined || trace.getSpanContext(active)?.traceId === wanted) return active;
  if (sender?.traceId === wanted)
    return remote(api, { traceId: wanted, spanId: sender.spanId, traceFlags: sender.flags });
  // Records keep the trace and not the span, which may be long gone when work is taken up again: a stand-in ties the two.
  return hexTraceId.test(wanted)
    ? remote(api, { traceId: wanted, spanId: newSpanId(), traceFlags: TraceFlags.SAMPLED })
    : active;
}

function remote({ ROOT_CONTEXT, trace }: Api, span: SpanContext): Context {
  return trace.setSpanContext(ROOT_CONTEXT, { ...span, isRemote: true });
}

function headerOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}
