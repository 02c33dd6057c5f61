import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextReset, resetAt } from './reset-windows.ts';

const at = (text: string): ReturnType<typeof resetAt> => resetAt(Date.parse(text));

describe('resetAt', () => {
  it('knows the nightly reset, by the clock of New York in winter and in summer', () => {
    const night = { name: 'nightly reset', until: '01:45 New York' };
    expect(at('2025-01-08T05:15Z')).toMatchObject({ ...night, end: Date.parse('2025-01-08T06:45Z') });
    expect(at('2025-06-11T05:44:59Z')).toMatchObject({ ...night, end: Date.parse('2025-06-11T05:45Z') });
    for (const outside of ['2025-01-08T05:14:59Z', '2025-01-08T06:45Z', '2025-06-11T05:45Z', '2025-06-11T16:00Z']) {
      expect(at(outside)).toBeUndefined();
    }
  });

  it('knows the reset of the weekend from Friday night to Saturday morning, and none on the night to Sunday', () => {
    const weekend = { name: 'weekend reset', until: '03:00 New York', end: Date.parse('2025-06-14T07:00Z') };
    expect(at('2025-06-14T03:00Z')).toMatchObject(weekend);
    expect(at('2025-06-14T06:59Z')).toMatchObject(weekend);
    expect(at('2025-06-14T02:59Z')).toBeUndefined();
    expect(at('2025-06-14T07:00Z')).toBeUndefined();
    expect(at('2025-06-14T04:30Z')?.name).toBe('weekend reset');
    expect(at('2025-06-15T04:30Z')?.name).toBe('nightly reset');
  });

  it('ends at 01:45 on the nights on which the clocks change', () => {
    expect(at('2025-03-09T05:30Z')?.end).toBe(Date.parse('2025-03-09T06:45Z'));
    expect(at('2025-11-02T04:30Z')?.end).toBe(Date.parse('2025-11-02T05:45Z'));
  });
});

describe('nextReset', () => {
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
  ])('after %s it is from %s to %s', (instant, start, end) => {
    expect(nextReset(Date.parse(instant))).toMatchObject({ start: Date.parse(start), end: Date.parse(end) });
  });

  it('is never over, follows within a day and a half, and the next one comes after it', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.parse('2000-01-01'), max: Date.parse('2030-01-01') }), (instant) => {
        const { start, end } = nextReset(instant);
        expect(end).toBeGreaterThan(instant);
        expect(start - instant).toBeLessThan(36 * 3_600_000);
        expect(nextReset(end).start).toBeGreaterThan(end);
      }),
    );
  });
});
