import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HistoryDecoder, type HistoryAnswer } from './history-decoder.ts';

type Field = string | number;

function payload(fields: readonly Field[]): Buffer {
  return Buffer.from(fields.map((field) => `${field}\0`).join(''));
}

/** In chunks that end at the given places. */
function decode(fields: readonly Field[], { version = 178, cuts = [] as number[] } = {}): HistoryAnswer {
  const bytes = payload(fields);
  const decoder = new HistoryDecoder({ serverVersion: version, messageBytes: bytes.length });
  const ends = [...cuts.map((cut) => cut % bytes.length), bytes.length].sort((a, b) => a - b);
  let from = 0;
  for (const end of ends) {
    decoder.push(bytes.subarray(from, end));
    from = end;
  }
  return decoder.finish();
}

const head = (count: Field): Field[] => [17, 7, '20250609 00:00:00 UTC', '20250610 00:00:00 UTC', count];
const first = [1_736_121_600, 1.1, 1.2, 1, 1.15, 100, 1.12, 20];
const second = [1_736_121_660, 1.15, 1.25, 1.05, 1.2, -1, -1, -1];

describe('HistoryDecoder', () => {
  it('reads an answer into columns', () => {
    const { reqId, bars, fault, surplus } = decode([...head(2), ...first, ...second]);
    expect([reqId, fault, surplus, bars.length]).toEqual([7, undefined, 0, 2]);
    expect([...bars.time]).toEqual([1_736_121_600, 1_736_121_660]);
    expect([bars.open, bars.high, bars.low, bars.close].map((column) => [...column])).toEqual([
      [1.1, 1.15],
      [1.2, 1.25],
      [1, 1.05],
      [1.15, 1.2],
    ]);
    expect([...bars.volume]).toEqual([100, Number.NaN]);
  });

  it('reads an answer whose span comes in a message of its own', () => {
    expect([...decode([17, 7, 1, ...first], { version: 196 }).bars.close]).toEqual([1.15]);
  });

  it('reads every number as the platform does, wherever the chunks are cut', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    const bar = fc.tuple(fc.nat(), number, number, number, number, number, number, fc.nat());
    const cuts = fc.array(fc.nat(), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(bar, { minLength: 1, maxLength: 20 }), cuts, (rows, places) => {
        const { bars, fault } = decode([...head(rows.length), ...rows.flat()], { cuts: places });
        expect(fault).toBeUndefined();
        for (const [index, [time, open, high, low, close]] of rows.entries()) {
          // Zero has no sign on the wire.
          expect([bars.time[index], bars.open[index], bars.high[index], bars.low[index], bars.close[index]]).toEqual(
            [time, open, high, low, close].map((value) => value + 0),
          );
        }
      }),
    );
  });

  it.each([0, 1])('takes all bars of an answer that announced %i and holds more', (announced) => {
    const { bars, fault, surplus } = decode([...head(announced), ...first, ...second], { cuts: [70, 90] });
    expect([bars.length, fault, surplus]).toEqual([2, undefined, 2 - announced]);
    expect([...bars.close]).toEqual([1.15, 1.2]);
  });

  it.each([
    ['a bar too few', [...head(3), ...first, ...second], 'it announced 3 bars and sent 2'],
    ['half a bar', [...head(2), ...first, ...second.slice(0, 4)], 'it announced 2 bars and sent 1 and a part of one'],
    [
      'half a bar more',
      [...head(1), ...first, ...second.slice(0, 4)],
      'it announced 1 bars and sent 1 and a part of one',
    ],
    ['a count that is none', [...head('many'), ...first], 'it announced "many" bars'],
    ['a count beyond the message', [...head(1e9), ...first], 'it announced "1000000000" bars'],
    ['local time', [...head(1), '20250613 09:30:00 US/Eastern', ...first.slice(1)], 'is not a stamp of a bar'],
  ])('finds fault with %s', (_, fields, fault) => {
    expect(decode(fields).fault).toContain(fault);
  });
});
