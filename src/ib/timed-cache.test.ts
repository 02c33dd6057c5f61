import { describe, expect, it } from 'vitest';
import { CancellationSource, CancellationToken, ManualClock } from '../async/index.ts';
import { TimedCache } from './timed-cache.ts';

const { none } = CancellationToken;

describe('TimedCache', () => {
  it('asks again when the answer has grown old', async () => {
    const clock = new ManualClock();
    const cache = new TimedCache<number>({ clock, lifeMs: 1_000, maxEntries: 10 });
    let asked = 0;
    const ask = (): Promise<number> => Promise.resolve((asked += 1));
    expect([await cache.get('a', { token: none }, ask), await cache.get('a', { token: none }, ask)]).toEqual([1, 1]);
    clock.advance(1_000);
    expect(await cache.get('a', { token: none }, ask)).toBe(2);
  });

  it('does not remember a failure', async () => {
    const cache = new TimedCache<number>({ clock: new ManualClock(), lifeMs: 1_000, maxEntries: 10 });
    await expect(cache.get('a', { token: none }, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await cache.get('a', { token: none }, () => Promise.resolve(1))).toBe(1);
  });

  it('does not remember that there is nothing', async () => {
    const cache = new TimedCache<number | undefined>({ clock: new ManualClock(), lifeMs: 1_000, maxEntries: 10 });
    expect(await cache.get('a', { token: none }, () => Promise.resolve(undefined))).toBeUndefined();
    expect(await cache.get('a', { token: none }, () => Promise.resolve(1))).toBe(1);
  });

  it('forgets the oldest when it is full', async () => {
    const cache = new TimedCache<string>({ clock: new ManualClock(), lifeMs: 1_000, maxEntries: 2 });
    for (const key of ['a', 'b', 'c']) await cache.get(key, { token: none }, () => Promise.resolve('first'));
    expect(await cache.get('c', { token: none }, () => Promise.resolve('second'))).toBe('first');
    expect(await cache.get('a', { token: none }, () => Promise.resolve('second'))).toBe('second');
  });

  it('forgets nothing before its time where no number is set', async () => {
    const clock = new ManualClock();
    const cache = new TimedCache<string>({ clock, lifeMs: 1_000 });
    const keys = Array.from({ length: 500 }, (_, index) => String(index));
    for (const key of keys) await cache.get(key, { token: none }, () => Promise.resolve('first'));
    for (const key of keys)
      expect(await cache.get(key, { token: none }, () => Promise.resolve('second'))).toBe('first');
    clock.advance(1_000);
    expect(await cache.get('0', { token: none }, () => Promise.resolve('second'))).toBe('second');
  });

  it('asks once for all who want the same, and anew after a failure', async () => {
    const cache = new TimedCache<number>({ clock: new ManualClock(), lifeMs: 1_000, maxEntries: 10 });
    let asked = 0;
    const failsOnce = async (): Promise<number> => {
      asked += 1;
      if (asked === 1) throw new Error('no');
      return asked;
    };
    const answers = await Promise.allSettled([1, 2, 3].map(() => cache.get('a', { token: none }, failsOnce)));
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await cache.get('a', { token: none }, failsOnce)).toBe(2);
  });

  it('lets who is cancelled go at once, and leaves the others their answer', async () => {
    const cache = new TimedCache<number>({ clock: new ManualClock(), lifeMs: 1_000, maxEntries: 10 });
    let answer: (value: number) => void = () => {};
    const first = cache.get('a', { token: none }, () => new Promise((resolve) => (answer = resolve)));
    using source = new CancellationSource();
    const second = cache.get('a', source, () => Promise.resolve(2));
    source.cancel();
    await expect(second).rejects.toMatchObject({ code: 'cancelled' });
    answer(1);
    expect(await first).toBe(1);
  });
});
