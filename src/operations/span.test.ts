import {
  context,
  ROOT_CONTEXT,
  trace,
  TraceFlags,
  type Context,
  type ContextManager,
  type Span as OtelSpan,
  type SpanContext,
  type SpanOptions,
  type Tracer,
} from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KtrdrError } from '../base/index.ts';
import { startSpan } from './span.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const other = '4bf92f3577b34da6a3ce929d0e0e4736';

afterEach(() => trace.disable());

describe('startSpan()', () => {
  it('does nothing where no SDK is registered', () => {
    const span = startSpan('operation count', { traceId, kind: 'internal', attributes: {} });
    expect(span.traceparent).toBeUndefined();
    span.end(new KtrdrError('unavailable', 'gone'));
  });

  it('records in the trace that it is given, and ends with the code of an error', () => {
    const seen: unknown[] = [];
    register((name, { attributes }, parent) => {
      seen.push([name, attributes, parent?.traceId]);
      const span = spanOf(parent?.traceId ?? '', 'b7ad6b7169203331');
      span.setAttribute = (key, value) => (seen.push([key, value]), span);
      span.setStatus = ({ message }) => (seen.push(message), span);
      span.end = () => void seen.push('ended');
      return span;
    });
    const span = startSpan('operation count', { traceId, kind: 'internal', attributes: { a: 1 } });
    expect(span.traceparent).toBe(`00-${traceId}-b7ad6b7169203331-01`);
    span.end(new KtrdrError('unavailable', 'gone'));
    expect(seen).toEqual([['operation count', { a: 1 }, traceId], ['error.type', 'unavailable'], 'gone', 'ended']);
  });

  describe('has as its parent', () => {
    const sender = `00-${traceId}-00f067aa0ba902b7-00`;
    const none = { kind: 'internal', attributes: {} } as const;
    const parents: (SpanContext | undefined)[] = [];
    beforeEach(() => {
      parents.length = 0;
      register(
        (_, __, parent) => (parents.push(parent), spanOf(parent?.traceId ?? traceId, `${parents.length}`.repeat(16))),
      );
      context.setGlobalContextManager(new StackContext());
    });
    afterEach(() => context.disable());

    it('the span that it begins in', () => {
      startSpan('outer', none).run(() => startSpan('inner', { ...none, traceId }));
      expect(parents).toMatchObject([undefined, { traceId, spanId: '1'.repeat(16) }]);
    });

    it('the sender of the request, whose decision to sample holds', () => {
      startSpan('served', { ...none, traceparent: sender });
      expect(parents).toMatchObject([{ traceId, spanId: '00f067aa0ba902b7', traceFlags: 0, isRemote: true }]);
    });

    it('a stand-in in its own trace, where it begins in a span of another one', () => {
      startSpan('outer', none).run(() => startSpan('taken up again', { ...none, traceId: other }));
      expect(parents[1]?.traceId).toBe(other);
      expect(parents[1]?.spanId).not.toBe('1'.repeat(16));
    });

    it('nothing, where nobody names a trace', () => {
      startSpan('first', { ...none, traceparent: 'nonsense' });
      startSpan('second', { ...none, traceId: 'no trace id' });
      expect(parents).toEqual([undefined, undefined]);
    });
  });
});

function register(start: (name: string, options: SpanOptions, parent: SpanContext | undefined) => OtelSpan): void {
  const tracer: Pick<Tracer, 'startSpan'> = {
    startSpan: (name, options = {}, within = ROOT_CONTEXT) => start(name, options, trace.getSpanContext(within)),
  };
  trace.setGlobalTracerProvider({ getTracer: () => tracer as Tracer });
}

function spanOf(ofTrace: string, spanId: string): OtelSpan {
  return trace.wrapSpanContext({ traceId: ofTrace, spanId, traceFlags: TraceFlags.SAMPLED });
}

/** What is active, as long as nothing waits. */
class StackContext implements ContextManager {
  #active = ROOT_CONTEXT;
  active = (): Context => this.#active;
  bind = <T>(_: Context, target: T): T => target;
  enable = (): this => this;
  disable = (): this => this;

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    within: Context,
    act: F,
    self?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    const before = this.#active;
    this.#active = within;
    try {
      return act.apply(self, args);
    } finally {
      this.#active = before;
    }
  }
}
