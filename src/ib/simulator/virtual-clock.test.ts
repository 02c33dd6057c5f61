import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CancellationSource, ManualClock } from '../../async/index.ts';
import { VirtualClock } from './virtual-clock.ts';

const start = Date.parse('2020-03-01T00:00:00Z');

it('a virtual clock runs at a multiple of the real time and calls back in virtual milliseconds', () => {
  const real = new ManualClock();
  const clock = new VirtualClock({ start, speed: 100, real });
  const rung: number[] = [];
  clock.after(60_000, () => rung.push(clock.now() - start));
  real.advance(599);
  expect([clock.now() - start, rung]).toEqual([59_900, []]);
  real.advance(1);
  expect(rung).toEqual([60_000]);
});

it('a clock of speed 0 stands still until it is advanced', async () => {
  const real = new ManualClock();
  const clock = new VirtualClock({ start, speed: 0, real });
  using source = new CancellationSource();
  const slept = clock.sleep(3_600_000, source.token);
  real.advance(1e9);
  expect(clock.now()).toBe(start);
  clock.advance(3_600_000);
  await slept;
  expect(clock.now()).toBe(start + 3_600_000);
});

it('a sleep ends with its token', async () => {
  const clock = new VirtualClock({ start, speed: 0 });
  const source = new CancellationSource();
  const slept = clock.sleep(1000, source.token);
  source.cancel('user');
  await expect(slept).rejects.toMatchObject({ code: 'cancelled' });
});

it('timers ring in order, each at its own moment, also those that are set while others ring', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 30 }), (delays) => {
      const clock = new VirtualClock({ start: 0, speed: 0 });
      const rung: number[] = [];
      const ring = (again: boolean) => () => {
        rung.push(clock.elapsed());
        if (again) clock.after(7, ring(false));
      };
      for (const delay of delays) clock.after(delay, ring(true));
      clock.advance(2000);
      expect(rung).toEqual([...delays, ...delays.map((delay) => delay + 7)].sort((a, b) => a - b));
      expect(clock.elapsed()).toBe(2000);
    }),
  );
});

it('a timer that is called off does not ring', () => {
  const clock = new VirtualClock({ start: 0, speed: 0 });
  const rung: number[] = [];
  const timer = clock.after(5, () => rung.push(1));
  clock.after(6, () => rung.push(2));
  timer[Symbol.dispose]();
  clock.advance(10);
  expect(rung).toEqual([2]);
});
