import { describe, expect, it } from 'vitest';
import { CancellationSource } from '../async/index.ts';
import { KeyedQueue } from './keyed-queue.ts';

function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe('KeyedQueue', () => {
  it('runs the work of one key in turn and lets other keys pass', async () => {
    const queue = new KeyedQueue();
    const events: string[] = [];
    const hold = gate();
    const first = queue.run('a', async () => {
      events.push('a1 begins');
      await hold.opened;
      events.push('a1 ends');
    });
    const second = queue.run('a', async () => void events.push('a2'));
    await queue.run('b', async () => void events.push('b1'));
    hold.open();
    await Promise.all([first, second]);
    expect(events).toEqual(['a1 begins', 'b1', 'a1 ends', 'a2']);
  });

  it('hands on results and failures, and goes on after a failure', async () => {
    const queue = new KeyedQueue();
    const failed = queue.run('a', () => Promise.reject(new Error('disk full')));
    const next = queue.run('a', async () => 7);
    await expect(failed).rejects.toThrow('disk full');
    expect(await next).toBe(7);
  });

  it('lets a cancelled one go at once, never begins it, and keeps the order of the others', async () => {
    const queue = new KeyedQueue();
    const events: string[] = [];
    const hold = gate();
    using source = new CancellationSource();
    const first = queue.run('a', () => hold.opened);
    const second = queue.run('a', async () => void events.push('second'), source.token);
    const third = queue.run('a', async () => void events.push('third'));
    source.cancel('timeout');
    await expect(second).rejects.toMatchObject({ code: 'cancelled', details: { reason: 'timeout' } });
    expect(queue.isBusy('a')).toBe(true);
    expect(events).toEqual([]);
    hold.open();
    await Promise.all([first, third]);
    expect(events).toEqual(['third']);
    await queue.idle();
    expect(queue.isBusy('a')).toBe(false);
  });

  it('is idle when the last work has ended, be it added while waiting', async () => {
    const queue = new KeyedQueue();
    const events: string[] = [];
    void queue.run('a', async () => {
      void queue.run('b', async () => void events.push('b'));
      events.push('a');
    });
    await queue.idle();
    expect(events).toEqual(['a', 'b']);
  });
});
