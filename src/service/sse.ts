import { createParser } from 'eventsource-parser';

/** One server-sent event. */
export interface ServerEvent {
  readonly id?: string;
  readonly event?: string;
  readonly data: string;
}

/** Text that keeps a silent stream alive; readers skip it. */
export const heartbeatComment = ':\n\n';

/** How long a reader that lost the stream waits before it comes back. */
export function retryHint(ms: number): string {
  return `retry: ${ms}\n\n`;
}

/** The event as the stream carries it. Line breaks of any kind inside `data` arrive as line feeds. */
export function encodeEvent({ id, event, data }: ServerEvent): string {
  const head = `${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}`;
  const lines = data.split(/\r\n|\n|\r/);
  return `${head}${lines.map((line) => `data: ${line}\n`).join('')}\n`;
}

/**
 * The events of a stream, however its bytes are cut into chunks. An event that the end cuts off is dropped. `onChunk`
 * hears of every sign of life, comments included.
 */
export async function* decodeEvents(
  chunks: AsyncIterable<Uint8Array>,
  onChunk: () => void = () => {},
): AsyncGenerator<ServerEvent, void, undefined> {
  const events: ServerEvent[] = [];
  const parser = createParser({
    onEvent: ({ id, event, data }) =>
      events.push({ ...(id === undefined ? {} : { id }), ...(event === undefined ? {} : { event }), data }),
  });
  const decoder = new TextDecoder();
  for await (const chunk of chunks) {
    onChunk();
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* events.splice(0);
  }
}
