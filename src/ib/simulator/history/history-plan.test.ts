import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendarOf, checkBars } from '../../../market/index.ts';
import { catalogue } from '../instruments/catalogue.ts';
import { GeneratedBars } from '../bars/generated-bars.ts';
import { planHistory } from './history-plan.ts';
import { Notice } from '../protocol/notices.ts';
import type { HistoryRequest } from '../protocol/requests.ts';
import { tradingSessions } from '../instruments/trading-hours.ts';

const now = Date.parse('2025-06-13T16:00:30Z');
const source = new GeneratedBars(1);

const instruments = catalogue.filter(({ secType }) => secType !== 'FUT');
const instrument = fc.constantFrom(...instruments);

function ask(overrides: Partial<HistoryRequest> = {}): HistoryRequest {
  return {
    kind: 'history',
    reqId: 1,
    contract: {
      conId: 0,
      symbol: '',
      secType: '',
      expiry: '',
      multiplier: '',
      exchange: 'SMART',
      primaryExchange: '',
      currency: '',
      localSymbol: '',
      tradingClass: '',
      includeExpired: false,
    },
    end: '',
    barSize: '1 day',
    duration: '1 D',
    regularHoursOnly: true,
    whatToShow: 'BID',
    formatDate: 2,
    keepUpToDate: false,
    ...overrides,
  };
}

describe('planHistory()', () => {
  it('makes of "n D" n sessions', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(
        instrument,
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 0, max: 3000 }),
        (one, count, days) => {
          const end = new Date(now - days * 86_400_000)
            .toISOString()
            .slice(0, 19)
            .replaceAll('-', '')
            .replace('T', '-');
          const whatToShow = one.secType === 'CASH' ? 'MIDPOINT' : 'TRADES';
          const request = ask({ duration: `${count} D`, whatToShow, end: one.secType === 'CONTFUT' ? '' : end });
          const plan = planHistory(request, { instrument: one, now });
          if (plan instanceof Notice) throw new Error(plan.text);
          const query = {
            instrument: one,
            barSize: plan.barSize,
            whatToShow,
            regularHoursOnly: true,
            window: plan.window,
            now,
          };
          const bars = source.bars(query);
          checkBars(bars, one.localSymbol);
          const listed = source.first(one, whatToShow) ?? 0;
          if (plan.window.start > listed) expect(bars.time).toHaveLength(count);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('gives no bar outside the sessions, in regular hours and beyond', () => {
    fc.assert(
      fc.property(
        instrument,
        fc.constantFrom('5 mins', '30 mins', '1 hour', '4 hours'),
        fc.boolean(),
        fc.integer({ min: 0, max: 2000 }),
        (one, barSize, regularHoursOnly, days) => {
          const whatToShow = one.secType === 'CASH' ? 'MIDPOINT' : 'TRADES';
          const end = now - days * 86_400_000;
          const window = { start: end - 5 * 86_400_000, end };
          const plan = planHistory(ask({ barSize, whatToShow }), { instrument: one, now });
          if (plan instanceof Notice) throw new Error(plan.text);
          const bars = source.bars({
            instrument: one,
            barSize: plan.barSize,
            whatToShow,
            regularHoursOnly,
            window,
            now,
          });
          checkBars(bars, one.localSymbol);
          const around = { start: window.start - 86_400_000, end: window.end + 86_400_000 };
          const sessions = tradingSessions(one, around, { regularHoursOnly });
          for (const time of bars.time) {
            expect(sessions.some(({ open, close }) => open <= time && time < close)).toBe(true);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('closes early when the calendar does', () => {
    const apple = instruments.find(({ symbol }) => symbol === 'AAPL');
    if (apple === undefined) throw new Error('the catalogue lacks AAPL');
    const thanksgiving = { start: Date.parse('2024-11-29T05:00Z'), end: Date.parse('2024-11-30T05:00Z') };
    const [session] = calendarOf('us_equities').sessions(thanksgiving);
    const plan = planHistory(ask({ barSize: '1 hour', whatToShow: 'TRADES' }), { instrument: apple, now });
    if (plan instanceof Notice) throw new Error(plan.text);
    const bars = source.bars({
      instrument: apple,
      barSize: plan.barSize,
      whatToShow: 'TRADES',
      regularHoursOnly: true,
      window: thanksgiving,
      now,
    });
    expect(session?.close).toBe(Date.parse('2024-11-29T18:00Z'));
    expect([...bars.time].map((time) => new Date(time).toISOString().slice(11, 16))).toEqual([
      '14:30',
      '15:00',
      '16:00',
      '17:00',
    ]);
  });

  it.each([
    [{ barSize: '1 secs', duration: '2001 S' }, 162],
    [{ barSize: '1 secs', duration: '1 D' }, 162],
    [{ barSize: '5 secs', duration: '1 W' }, 162],
    [{ barSize: '10 secs', duration: '1 M' }, 162],
    [{ barSize: '30 secs', duration: '1 Y' }, 162],
    [{ duration: '366 D' }, 321],
    [{ duration: '86401 S' }, 162],
    [{ duration: '53 W' }, 162],
    [{ duration: '13 M' }, 162],
    [{ duration: '69 Y' }, 162],
    [{ duration: '6 H' }, 321],
    [{ barSize: '7 mins' }, 321],
    [{ whatToShow: 'GOSSIP' }, 321],
    [{ end: 'yesterday' }, 10314],
    [{ whatToShow: 'SCHEDULE', barSize: '1 hour' }, 321],
    [{ whatToShow: 'ADJUSTED_LAST', end: '20250101-00:00:00' }, 321],
  ])('refuses %j with %i', (overrides, code) => {
    const [apple] = instruments;
    if (apple === undefined) throw new Error('the catalogue is empty');
    expect(planHistory(ask(overrides), { instrument: apple, now })).toMatchObject({ code });
  });
});
