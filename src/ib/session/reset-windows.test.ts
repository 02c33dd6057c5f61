import { describe, expect, it } from 'vitest';
import { resetAt } from './reset-windows.ts';

const at = (text: string): ReturnType<typeof resetAt> => resetAt(Date.parse(text));

describe('resetAt', () => {
  it('knows the nightly reset, by the clock of New York in winter and in summer', () => {
    const night = { name: 'nightly reset', until: '01:45 New York' };
    expect(at('2025-01-08T05:15Z')).toEqual({ ...night, end: Date.parse('2025-01-08T06:45Z') });
    expect(at('2025-06-11T05:44:59Z')).toEqual({ ...night, end: Date.parse('2025-06-11T05:45Z') });
    for (const outside of ['2025-01-08T05:14:59Z', '2025-01-08T06:45Z', '2025-06-11T05:45Z', '2025-06-11T16:00Z']) {
      expect(at(outside)).toBeUndefined();
    }
  });

  it('knows the reset of the weekend from Friday night to Saturday morning, and none on the night to Sunday', () => {
    const weekend = { name: 'weekend reset', until: '03:00 New York', end: Date.parse('2025-06-14T07:00Z') };
    expect(at('2025-06-14T03:00Z')).toEqual(weekend);
    expect(at('2025-06-14T06:59Z')).toEqual(weekend);
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
