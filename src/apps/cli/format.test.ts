import { describe, expect, it } from 'vitest';
import { formatDuration } from './format.ts';

describe('formatDuration()', () => {
  it.each([
    [0, '0 ms'],
    [1, '1 ms'],
    [340.4, '340 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [1_440, '1.4 s'],
    [9_940, '9.9 s'],
    [9_960, '10 s'],
    [59_499, '59 s'],
    [59_500, '1m 00s'],
    [119_700, '2m 00s'],
    [125_000, '2m 05s'],
    [3_599_400, '59m 59s'],
    [3_599_600, '1h 00m'],
    [100 * 3_600_000 + 120_000, '100h 02m'],
  ])('says of %d ms: %s', (ms, words) => {
    expect(formatDuration(ms)).toBe(words);
  });
});
