import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEvents, encodeEvent, heartbeatComment, retryHint, type ServerEvent } from './sse.ts';

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const size of sizes) {
    yield bytes.subarray(from, from + size);
    from += size;
  }
  yield bytes.subarray(from);
}

async function decode(text: string, sizes: readonly number[] = []): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  for await (const event of decodeEvents(cut(new TextEncoder().encode(text), sizes))) events.push(event);
  return events;
}

describe('server-sent events', () => {
  it('survive any cut of their bytes', async () => {
    const event = fc.record({ data: fc.string({ unit: 'grapheme', maxLength: 40 }), id: fc.nat().map(String) });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 5 }), fc.array(fc.nat(7)), async (events, sizes) => {
        const sent = events.map(({ id, data }) => ({ id, event: 'operation', data }));
        const received = sent.map(({ data, ...rest }) => ({ ...rest, data: data.replaceAll(/\r\n?/g, '\n') }));
        expect(await decode(sent.map(encodeEvent).join(''), sizes)).toEqual(received);
      }),
    );
  });

  it('keep every line of their data', async () => {
    expect(await decode(encodeEvent({ data: 'one\ntwo\r\nthree\rfour' }))).toEqual([{ data: 'one\ntwo\nthree\nfour' }]);
  });

  it('are not made by heartbeats and hints', async () => {
    const text = `${retryHint(1000)}${heartbeatComment}${encodeEvent({ data: 'x' })}${heartbeatComment}`;
    expect(await decode(text)).toEqual([{ data: 'x' }]);
  });

  it('are dropped when the end of the stream cuts them off', async () => {
    expect(await decode(`${encodeEvent({ data: 'whole' })}data: half`)).toEqual([{ data: 'whole' }]);
  });
});
