import { describe, expect, it } from 'vitest';
import type { LoadBarsInput } from './load-bars.ts';
import { rangeToLoad } from './range-to-load.ts';
import type { LoadMode } from './choices.ts';

const day = 86_400_000;
const now = Date.UTC(2024, 5, 3);
const held = { first: now - 300 * day, last: now - 10 * day };
const earliest = now - 1_000 * day;

interface Case {
  mode: LoadMode;
  empty?: boolean;
  start?: number;
  end?: number;
  expected: { start: number; end: number } | undefined;
}

const cases: [string, Case][] = [
  ['tail goes on from the last bar', { mode: 'tail', expected: { start: held.last, end: now } }],
  [
    'tail on an empty store takes its default span',
    { mode: 'tail', empty: true, expected: { start: now - 365 * day, end: now } },
  ],
  [
    'tail on an empty store begins where it is told',
    { mode: 'tail', empty: true, start: now - 5 * day, expected: { start: now - 5 * day, end: now } },
  ],
  [
    'tail on an empty store does not ask before the first bar there is',
    { mode: 'tail', empty: true, start: 0, expected: { start: earliest, end: now } },
  ],
  [
    'tail never asks for what is in the future',
    { mode: 'tail', end: now + day, expected: { start: held.last, end: now } },
  ],
  [
    'backfill takes what is older, down to the first bar there is',
    { mode: 'backfill', expected: { start: earliest, end: held.first } },
  ],
  [
    'backfill stops where it is told',
    { mode: 'backfill', start: now - 400 * day, expected: { start: now - 400 * day, end: held.first } },
  ],
  [
    'backfill does not ask before the first bar there is',
    { mode: 'backfill', start: 0, expected: { start: earliest, end: held.first } },
  ],
  [
    'backfill has nothing to do when the store reaches back far enough',
    { mode: 'backfill', start: held.first, expected: undefined },
  ],
  ['full answers for everything', { mode: 'full', expected: { start: earliest, end: now } }],
  [
    'full keeps to the asked span',
    {
      mode: 'full',
      start: now - 50 * day,
      end: now - 40 * day,
      expected: { start: now - 50 * day, end: now - 40 * day },
    },
  ],
  ['local looks at what is there', { mode: 'local', expected: { start: held.first, end: held.last + 1 } }],
  ['local on an empty store answers for nothing', { mode: 'local', empty: true, expected: undefined }],
];

describe('rangeToLoad()', () => {
  it.each(cases)('%s', async (_, { mode, empty = false, start, end, expected }) => {
    const input: LoadBarsInput = {
      symbol: 'AAPL',
      timeframe: '1h',
      mode,
      ...(start === undefined ? {} : { start }),
      ...(end === undefined ? {} : { end }),
    };
    const situation = { held: empty ? undefined : held, finalBefore: now, earliest: async () => earliest };
    expect(await rangeToLoad(input, situation)).toEqual(expected);
  });

  it('asks the source for its first bar only when the answer matters', async () => {
    const refuse = async (): Promise<number> => Promise.reject(new Error('asked'));
    for (const mode of ['tail', 'local'] as const) {
      await rangeToLoad({ symbol: 'AAPL', timeframe: '1h', mode }, { held, finalBefore: now, earliest: refuse });
    }
    await expect(
      rangeToLoad({ symbol: 'AAPL', timeframe: '1h', mode: 'full' }, { held, finalBefore: now, earliest: refuse }),
    ).rejects.toThrow('asked');
  });
});
