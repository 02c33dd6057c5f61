import { describe, expect, it } from 'vitest';
import { rememberLast } from './remember-last.ts';

describe('rememberLast()', () => {
  it('makes a value once as long as the same is asked for', () => {
    let made = 0;
    const numberOf = rememberLast<object, number>(() => (made += 1));
    const [a, b] = [{}, {}];
    expect([a, a, b, b, a].map(numberOf)).toEqual([1, 1, 2, 2, 3]);
  });
});
