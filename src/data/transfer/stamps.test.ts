import { describe, expect, it } from 'vitest';
import { barStamp, parseStamp, type StampOptions } from './stamps.ts';

const hours: StampOptions = { timeframe: '1h' };
const days: StampOptions = { timeframe: '1d' };
const iso = (text: string, options: StampOptions): string =>
  new Date(barStamp(parseStamp(text), options)).toISOString();

describe('parseStamp() and barStamp()', () => {
  it.each([
    ['2024-03-08T14:30:00Z'],
    ['2024-03-08T14:30Z'],
    ['2024-03-08 14:30:00+00:00'],
    ['2024-03-08 09:30:00-05:00'],
    ['2024-03-08 09:30:00.000 -0500'],
    ['2024/03/08 09:30 America/New_York'],
    ['20240308 09:30:00 US/Eastern'],
    ['20240308  09:30:00 US/Eastern'],
    ['20240308-14:30:00'],
    ['1709908200'],
    ['1709908200.0'],
    ['1709908200000'],
    ['1709908200000000'],
    ['1709908200000000000'],
  ])('understands %s as an instant', (text) => {
    expect(iso(text, hours)).toBe('2024-03-08T14:30:00.000Z');
  });

  it('takes the zone that was named for stamps that name none, over both changes of the clock', () => {
    const newYork = { timeframe: '1h', zone: 'America/New_York' } as const;
    expect(iso('2024-03-08 09:30', newYork)).toBe('2024-03-08T14:30:00.000Z');
    expect(iso('2024-03-11 09:30', newYork)).toBe('2024-03-11T13:30:00.000Z');
    expect(iso('2024.11.04 09:30:01.250', newYork)).toBe('2024-11-04T14:30:01.250Z');
    expect(iso('2024-03-08 09:30', { timeframe: '1h', zone: '+02:00' })).toBe('2024-03-08T07:30:00.000Z');
  });

  it.each([
    ['20240308143000', '2024-03-08T14:30:00.000Z'],
    ['202403081430', '2024-03-08T14:30:00.000Z'],
    ['20240308143000.250', '2024-03-08T14:30:00.250Z'],
    ['883612800000', '1998-01-01T00:00:00.000Z'],
    ['31536000000000', '1971-01-01T00:00:00.000Z'],
  ])(
    'takes %s for digits of a date and a time where they can be that, not for an instant of the seventies',
    (text, at) => {
      expect(iso(text, { timeframe: '1h', zone: 'UTC' })).toBe(at);
    },
  );

  it.each(['2024-03-08', '20240308', '2024/03/08', '2024-03-08 00:00:00', '2024-03-08 00:00:00-05:00', '1709856000'])(
    'takes %s as the date that it names',
    (text) => {
      expect(iso(text, days)).toBe('2024-03-08T00:00:00.000Z');
    },
  );

  it.each(['Mar 8, 2024', 'March 08 2024', '8 mar 2024', '08-Mar-2024', '2024-3-8', '2024/3/08'])(
    'takes %s as the date that it names in words or between signs',
    (text) => {
      expect(iso(text, days)).toBe('2024-03-08T00:00:00.000Z');
    },
  );

  it.each([
    ['2024-03-08 2:30 PM', '14:30'],
    ['2024-03-08 12:00am', '00:00'],
    ['2024-03-08 12:05 pm', '12:05'],
    ['08-Mar-2024 9:30:00', '09:30'],
    ['20240308 0930', '09:30'],
  ])('takes %s as that time of the day', (text, time) => {
    expect(iso(text, { timeframe: '1h', zone: 'UTC' })).toBe(`2024-03-08T${time}:00.000Z`);
  });

  it('takes the order of day and month that was named', () => {
    const at = (text: string, options: StampOptions): string =>
      new Date(barStamp(parseStamp(text, options), options)).toISOString().slice(0, 16);
    expect(at('03/08/2024', { ...days, dates: 'month-first' })).toBe('2024-03-08T00:00');
    expect(at('8.3.2024', { ...days, dates: 'day-first' })).toBe('2024-03-08T00:00');
    expect(at('08.03.2024 09:30:00.000', { timeframe: '1h', zone: 'UTC', dates: 'day-first' })).toBe(
      '2024-03-08T09:30',
    );
    expect(() => at('03/28/2024', { ...days, dates: 'day-first' })).toThrow(/names a day that does not exist/);
  });

  it('finds the date of an instant at midnight in the zone that was named', () => {
    expect(iso('1709874000', { ...days, zone: 'America/New_York' })).toBe('2024-03-08T00:00:00.000Z');
    expect(() => iso('1709874000', days)).toThrow(/say with --zone where midnight is/);
  });

  it.each([
    ['2024-03-08 09:30', hours, /names no time zone; say which it is with --zone/],
    ['2024-03-08', hours, /is a date, and bars of 1h need a time of day/],
    ['2024-03-08 09:30', days, /is not midnight/],
    ['1709908200', days, /is not midnight/],
    ['03/08/2024', days, /does not tell day from month/],
    ['8.3.2024', days, /does not tell day from month/],
    ['2024-02-30', days, /names a day that does not exist/],
    ['2024-13-01', days, /names a day that does not exist/],
    ['2024-03-08 13:30 PM', hours, /names a time that does not exist/],
    ['2024-03-08 00:30 AM', hours, /names a time that does not exist/],
    ['2024111', days, /is not a time such as/],
    ['20240308 500', hours, /is not a time such as/],
    ['8 Mrz 2024', days, /is not a time such as/],
    ['3/8/24', days, /is not a time such as/],
    ['2024-03-08T24:30Z', hours, /names a time that does not exist/],
    ['0024-03-08', days, /names a day that does not exist/],
    ['2024-03-10 02:30 America/New_York', hours, /names a time that the clocks of America\/New_York skip/],
    ['2024-03-08 09:30 +25:00', hours, /names the time zone "\+25:00", which does not exist/],
    ['2024-03-08 09:30 +05:75', hours, /names the time zone "\+05:75", which does not exist/],
    ['2024-03-08 09:30 EDT', hours, /names the time zone "EDT", which does not exist/],
    ['yesterday', hours, /is not a time such as/],
    ['', hours, /is not a time such as/],
    ['12345', hours, /is not a time such as/],
  ])('refuses "%s"', (text, options, message) => {
    expect(() => iso(text, options)).toThrow(message);
  });
});
