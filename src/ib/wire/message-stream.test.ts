import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HistoryAnswer } from './history-decoder.ts';
import { MessageStream } from './message-stream.ts';

function fields(...values: (string | number)[]): string {
  return values.map((value) => `${value}\0`).join('');
}

function frame(...values: (string | number)[]): Buffer {
  const payload = Buffer.from(fields(...values));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(payload.length);
  return Buffer.concat([length, payload]);
}

function reader() {
  const messages: string[] = [];
  const answers: HistoryAnswer[] = [];
  const stream = new MessageStream({
    serverVersion: () => 178,
    onHistory: (answer) => answers.push(answer),
    onMessage: (text) => messages.push(text),
  });
  return { stream, messages, answers };
}

const bar = [1_736_121_600, 1, 2, 0.5, 1.5, 10, 1, 1];
const bytes = Buffer.concat([
  frame(178, '20260105 10:00:00 EST'),
  frame(17, 1, 'start', 'end', 2, ...bar, ...bar),
  frame(4, 2, -1, 2104, 'München'),
  frame(17, 2, 'start', 'end', 0),
  frame(171, 'no history'),
]);

describe('MessageStream', () => {
  it('hands every message on, wherever the chunks are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 30 }), (cuts) => {
        const { stream, messages, answers } = reader();
        let from = 0;
        for (const end of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
          stream.push(bytes.subarray(from, end));
          from = end;
        }
        expect(messages).toEqual([
          fields('178', '20260105 10:00:00 EST'),
          fields('4', '2', '-1', '2104', 'München'),
          fields('171', 'no history'),
        ]);
        expect(answers.map(({ reqId, bars, fault }) => [reqId, bars.length, fault])).toEqual([
          [1, 2, undefined],
          [2, 0, undefined],
        ]);
        expect(stream.isInside).toBe(false);
      }),
    );
  });

  it('knows that it is inside a message', () => {
    const { stream } = reader();
    stream.push(bytes.subarray(0, 40));
    expect(stream.isInside).toBe(true);
  });

  it('refuses a length that no message has', () => {
    const { stream } = reader();
    expect(() => stream.push(Buffer.from([0x7f, 0, 0, 0, 1]))).toThrow(
      expect.objectContaining({ code: 'data_corrupt' }),
    );
  });
});
