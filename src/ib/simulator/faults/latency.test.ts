import { describe, expect, it } from 'vitest';
import { latencyMs, latencySchema } from './latency.ts';

describe('latencyMs()', () => {
  const drawn = (latency: Parameters<typeof latencyMs>[0]) =>
    Array.from({ length: 2000 }, (_, draw) => latencyMs(latency, { bars: 100, draw, key: 5 })).sort((a, b) => a - b);

  it('lies between the bounds', () => {
    const times = drawn({ between: [100, 400] });
    expect(times[0]).toBeGreaterThanOrEqual(100);
    expect(times.at(-1)).toBeLessThanOrEqual(400);
    expect(times[1000]).toBeGreaterThan(230);
    expect(times[1000]).toBeLessThan(270);
  });

  it('has the median, and a tail by the spread', () => {
    const times = drawn({ median: 200, spread: 0.5 });
    expect(times[1000]).toBeGreaterThan(180);
    expect(times[1000]).toBeLessThan(220);
    expect((times[1682] ?? 0) / (times[1000] ?? 1), 'one deviation above').toBeCloseTo(Math.exp(0.5), 0);
  });

  it.each([
    [26, 280],
    [390, 590],
    [1950, 8310],
    [5000, 60_000],
  ])('is as measured for %i bars', (bars, ms) => {
    expect(latencyMs('service_times', { bars, draw: 1, key: 1 })).toBe(ms);
  });

  it('refuses bounds in the wrong order', () => {
    expect(latencySchema.safeParse({ between: [5, 1] }).success).toBe(false);
  });
});
