import { describe, expect, it } from 'vitest';
import { dateText, greetingTime, localText, parseEnd, utcText, zonedText } from './wire-time.ts';

const zone = 'US/Eastern';
const context = { now: Date.parse('2026-01-05T21:00:00Z'), zone };

describe('parseEnd()', () => {
  it.each([
    ['', '2026-01-05T21:00:00Z', false],
    ['20260105-21:00:00', '2026-01-05T21:00:00Z', false],
    ['20260105 16:00:00 US/Eastern', '2026-01-05T21:00:00Z', false],
    ['20260105 16:00:00 America/New_York', '2026-01-05T21:00:00Z', false],
    ['20260105 22:00:00 Europe/Berlin', '2026-01-05T21:00:00Z', false],
    ['20260705 16:00:00 US/Eastern', '2026-07-05T20:00:00Z', false],
    ['20260105 16:00:00', '2026-01-05T21:00:00Z', true],
    ['20260105  16:00:00', '2026-01-05T21:00:00Z', true],
  ])('reads "%s" as %s', (text, instant, assumedZone) => {
    expect(parseEnd(text, context)).toEqual({ instant: Date.parse(instant), assumedZone });
  });

  it.each([
    'tomorrow',
    '20260105',
    '2026-01-05 16:00:00',
    '20260230-10:00:00',
    '20260105-24:00:00',
    '20260105-10:00:00 UTC',
    '20260105 10:00:00 Nowhere',
  ])('does not take "%s" for a time', (text) => {
    expect(parseEnd(text, context)).toBeUndefined();
  });
});

it('an instant is written in each of the forms of the protocol', () => {
  const instant = Date.parse('2025-07-03T17:05:09.900Z');
  expect(zonedText(instant, zone)).toBe('20250703 13:05:09 US/Eastern');
  expect(utcText(instant)).toBe('20250703-17:05:09');
  expect(localText(instant, zone)).toBe('20250703-13:05:09');
  expect(dateText(Date.parse('2025-07-03'))).toBe('20250703');
  expect(greetingTime(instant)).toBe('20250703 13:05:09 EDT');
  expect(greetingTime(context.now)).toBe('20260105 16:00:00 EST');
});
