import { describe, expect, it } from 'vitest';
import { CancellationSource, CancellationToken } from './cancellation.ts';
import { ManualClock, systemClock } from './clock.ts';

describe('ManualClock', () => {
  it('calls timers back in order, each at its own moment', () => {
    const clock = new ManualClock(1_000);
    const seen: [string, number][] = [];
    clock.after(20, () => seen.push(['second', clock.now()]));
    clock.after(10, () => {
      seen.push(['first', clock.now()]);
      clock.after(5, () => seen.push(['between', clock.now()]));
    });
    clock.after(30, () => seen.push(['disposed', clock.now()]))[Symbol.dispose]();
    clock.advance(100);
    expect(seen).toEqual([
      ['first', 1_010],
      ['between', 1_015],
      ['second', 1_020],
    ]);
    expect(clock.elapsed()).toBe(100);
  });
});

describe('sleep', () => {
  it('ends at once with the reason when the token is cancelled', async () => {
    using source = new CancellationSource();
    const sleeping = systemClock.sleep(60_000, source.token);
    source.cancel('timeout');
    await expect(sleeping).rejects.toMatchObject({ code: 'cancelled', details: { reason: 'timeout' } });
    await expect(systemClock.sleep(60_000, source.token)).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('lasts also when it is longer than the platform can count', async () => {
    using source = new CancellationSource();
    let isOver = false;
    const sleeping = systemClock.sleep(30 * 86_400_000, source.token).finally(() => (isOver = true));
    await systemClock.sleep(20, CancellationToken.none);
    expect(isOver).toBe(false);
    source.cancel();
    await expect(sleeping).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('resolves after its time', async () => {
    const clock = new ManualClock();
    const sleeping = clock.sleep(50, CancellationToken.none);
    clock.advance(50);
    await expect(sleeping).resolves.toBeUndefined();
  });
});
