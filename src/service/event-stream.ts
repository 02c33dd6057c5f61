import type { CancellationSource, Clock } from '../async/index.ts';
import type { Logger } from '../base/index.ts';
import { rememberLast } from './remember-last.ts';
import { encodeEvent, heartbeatComment, retryHint, type ServerEvent } from './sse.ts';

const retryMs = 1_000;

interface EventStreamOptions {
  readonly events: AsyncIterable<ServerEvent>;
  /** The stream's own; cancelled when the reader goes away, disposed when the stream has ended. */
  readonly source: CancellationSource;
  readonly clock: Clock;
  readonly log: Logger;
  readonly heartbeatMs: number;
}

/**
 * The body of a stream of server-sent events. The next event is asked for only when the reader wants one, so a slow
 * reader makes nothing pile up here; one that is gone ends the events through the token.
 */
export function eventStream({
  events,
  source,
  clock,
  log,
  heartbeatMs,
}: EventStreamOptions): ReadableStream<Uint8Array> {
  const iterator = events[Symbol.asyncIterator]();
  let isReaderGone = false;
  let beats: Disposable | undefined;
  const end = (): void => {
    beats?.[Symbol.dispose]();
    source[Symbol.dispose]();
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        controller.enqueue(encoder.encode(retryHint(retryMs)));
      },
      async pull(controller) {
        // One timer for the whole stream, which costs an event nothing; a beat beside an event does no harm.
        beats ??= every(clock, heartbeatMs, () => {
          if (controller.desiredSize === 0) controller.enqueue(heartbeat);
        });
        try {
          const { done = false, value } = await iterator.next();
          if (isReaderGone) return;
          if (source.token.isCancelled || done) {
            end();
            controller.close();
          } else {
            controller.enqueue(bytesOf(value));
          }
        } catch (error) {
          if (isReaderGone) return;
          // The status line is long gone: all that is left to say is that the stream ends here.
          log.warn('a stream of events broke', { error: error instanceof Error ? error.message : String(error) });
          end();
          controller.close();
        }
      },
      async cancel() {
        isReaderGone = true;
        source.cancel();
        end();
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

const encoder = new TextEncoder();
const heartbeat = encoder.encode(heartbeatComment);
/** For many readers of one event only once. */
const bytesOf = rememberLast((event: ServerEvent) => encoder.encode(encodeEvent(event)));

function every(clock: Clock, ms: number, act: () => void): Disposable {
  let timer = clock.after(ms, beat);
  function beat(): void {
    act();
    timer = clock.after(ms, beat);
  }
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
