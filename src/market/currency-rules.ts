import type { MarketRules } from './calendar.ts';

/**
 * Currencies as Interactive Brokers trades them (IDEALPRO): the session of a weekday opens at 17:15 New York time on
 * the day before (Monday's on Sunday) and closes at 17:00, so the week runs from Sunday 17:15 to Friday 17:00 with a
 * break of a quarter of an hour each day. The hours follow New York through daylight saving.
 */
export const currencyRules: MarketRules = {
  id: 'currencies',
  zone: 'America/New_York',
  known: { start: Date.UTC(1990, 0, 1), end: Date.UTC(2031, 0, 1) },
  hours: (date) => (isWeekday(date) ? { open: -(6 * 60 + 45), close: 17 * 60 } : undefined),
};

function isWeekday(date: number): boolean {
  const day = new Date(date).getUTCDay();
  return day >= 1 && day <= 5;
}
