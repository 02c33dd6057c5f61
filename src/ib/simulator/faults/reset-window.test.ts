import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nextReset } from './reset-window.ts';

it.each([
  // Wednesday noon, winter: the night to Thursday.
  ['2025-01-15T17:00Z', '2025-01-16T05:15Z', '2025-01-16T06:45Z'],
  // Within a window, summer.
  ['2025-06-12T05:00Z', '2025-06-12T04:15Z', '2025-06-12T05:45Z'],
  // Friday noon: the weekend's is next, then Sunday's.
  ['2025-06-13T16:00Z', '2025-06-14T03:00Z', '2025-06-14T07:00Z'],
  ['2025-06-14T08:00Z', '2025-06-15T04:15Z', '2025-06-15T05:45Z'],
  // The night in which clocks are set forward.
  ['2025-03-09T04:00Z', '2025-03-09T05:15Z', '2025-03-09T06:45Z'],
])('after %s the next reset is from %s to %s', (instant, start, end) => {
  expect(nextReset(Date.parse(instant))).toEqual({ start: Date.parse(start), end: Date.parse(end) });
});

it('a reset is never over, follows within a day and a half, and the next one comes after it', () => {
  fc.assert(
    fc.property(fc.integer({ min: Date.parse('2000-01-01'), max: Date.parse('2030-01-01') }), (instant) => {
      const { start, end } = nextReset(instant);
      expect(end).toBeGreaterThan(instant);
      expect(start - instant).toBeLessThan(36 * 3_600_000);
      expect(nextReset(end).start).toBeGreaterThan(end);
    }),
  );
});
