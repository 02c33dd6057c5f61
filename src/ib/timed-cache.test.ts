import { describe, expect, it } from 'vitest';
import { ManualClock } from '../async/index.ts';
import { TimedCache } from './timed-cache.ts';

describe('TimedCache', () => {
  it('asks again when the answer has grown old', async () => {
    const clock = new ManualClock();
    const cache = new TimedCache<number>({ clock, lifeMs: 1_000, maxEntries: 10 });
    let asked = 0;
    const ask = (): Promise<number> => Promise.resolve((asked += 1));
    expect([await cache.get('a', ask), await cache.get('a', ask)]).toEqual([1, 1]);
    clock.advance(1_000);
    expect(await cache.get('a', ask)).toBe(2);
  });

  it('does not remember a failure', async () => {
    const cache = new TimedCache<number>({ clock: new ManualClock(), lifeMs: 1_000, maxEntries: 10 });
    await expect(cache.get('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await cache.get('a', () => Promise.resolve(1))).toBe(1);
  });

  it('forgets the oldest when it is full', async () => {
    const cache = new TimedCache<string>({ clock: new ManualClock(), lifeMs: 1_000, maxEntries: 2 });
    for (const key of ['a', 'b', 'c']) await cache.get(key, () => Promise.resolve('first'));
    expect(await cache.get('c', () => Promise.resolve('second'))).toBe('first');
    expect(await cache.get('a', () => Promise.resolve('second'))).toBe('second');
  });
});
