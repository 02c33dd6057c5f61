import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromWallClock, fromZoned, toZoned, zoneOffset } from './zone.ts';

const newYork = 'America/New_York';
const zones = [
  newYork,
  'Europe/London',
  'Asia/Tokyo',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'US/Eastern',
  'UTC',
];

function instantOf(text: string, zone: string): string {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = text.split(/\D/).map(Number);
  return new Date(fromZoned({ year, month, day, hour, minute, second: 0 }, zone)).toISOString();
}

describe('fromZoned()', () => {
  it.each([
    ['2026-01-05 09:30', '2026-01-05T14:30:00.000Z'],
    ['2026-07-06 09:30', '2026-07-06T13:30:00.000Z'],
    ['2026-03-08 01:59', '2026-03-08T06:59:00.000Z'],
    ['2026-03-08 03:00', '2026-03-08T07:00:00.000Z'],
    ['2026-11-01 00:59', '2026-11-01T04:59:00.000Z'],
    ['2026-11-01 02:00', '2026-11-01T07:00:00.000Z'],
    ['2006-04-02 03:00', '2006-04-02T07:00:00.000Z'],
  ])('reads %s in New York as %s', (local, instant) => {
    expect(instantOf(local, newYork)).toBe(instant);
  });

  it('reads a time that the clocks skip with the offset before the change', () => {
    expect(instantOf('2026-03-08 02:30', newYork)).toBe('2026-03-08T07:30:00.000Z');
  });

  it('reads a time that occurs twice as the earlier instant', () => {
    expect(instantOf('2026-11-01 01:30', newYork)).toBe('2026-11-01T05:30:00.000Z');
    expect(instantOf('2026-10-25 01:30', 'Europe/London')).toBe('2026-10-25T00:30:00.000Z');
  });

  it('knows the aliases that brokers use and half-hour changes', () => {
    expect(instantOf('2026-07-06 09:30', 'US/Eastern')).toBe('2026-07-06T13:30:00.000Z');
    expect(instantOf('2026-07-06 12:00', 'Australia/Lord_Howe')).toBe('2026-07-06T01:30:00.000Z');
    expect(instantOf('2026-01-06 12:00', 'Australia/Lord_Howe')).toBe('2026-01-06T01:00:00.000Z');
  });

  it('refuses a zone that does not exist', () => {
    expect(() => instantOf('2026-01-05 09:30', 'America/Gotham')).toThrow(/no time zone "America\/Gotham"/);
  });
});

describe('toZoned()', () => {
  it('shows the wall clock and the day of the week', () => {
    expect(toZoned(Date.parse('2026-11-20T03:04:05Z'), newYork)).toEqual({
      year: 2026,
      month: 11,
      day: 19,
      hour: 22,
      minute: 4,
      second: 5,
      dayOfWeek: 4,
    });
  });

  it('agrees with Intl at any instant in any zone', () => {
    const anyInstant = fc
      .integer({ min: Date.UTC(1971, 0, 1) / 1000, max: Date.UTC(2037, 0, 1) / 1000 })
      .map((seconds) => seconds * 1000);
    fc.assert(
      fc.property(anyInstant, fc.constantFrom(...zones), (instant, zone) => {
        const shown = new Date(instant + zoneOffset(instant, zone)).toISOString().slice(0, 19);
        const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
        expect(shown.replace('T', ' ')).toBe(format.format(instant));
      }),
      { numRuns: 500 },
    );
  });

  it('is undone by fromZoned() except in the second half of an overlap', () => {
    const anyInstant = fc
      .integer({ min: Date.UTC(1990, 0, 1) / 1000, max: Date.UTC(2037, 0, 1) / 1000 })
      .map((seconds) => seconds * 1000);
    fc.assert(
      fc.property(anyInstant, fc.constantFrom(...zones), (instant, zone) => {
        const back = fromZoned(toZoned(instant, zone), zone);
        expect(back).toBeLessThanOrEqual(instant);
        expect(toZoned(back, zone)).toEqual(toZoned(instant, zone));
      }),
      { numRuns: 500 },
    );
  });
});

describe('speed', () => {
  it('converts a hundred thousand wall-clock times of a year in under half a second', () => {
    const start = Date.UTC(2020, 0, 1);
    const begun = performance.now();
    let sum = 0;
    for (let index = 0; index < 100_000; index += 1) sum += fromWallClock(start + index * 300_000, newYork);
    expect(Number.isFinite(sum)).toBe(true);
    expect(performance.now() - begun).toBeLessThan(500);
  });
});
