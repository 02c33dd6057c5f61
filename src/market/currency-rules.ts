import type { MarketRules } from './calendar.ts';

/**
 * Currencies as Interactive Brokers trades them (IDEALPRO, "Sunday - Friday: 17:15 - 17:00 ET" in the broker's list of
 * exchanges; contract details say `20221205:1715-20221206:1700`): the session of a weekday opens at 17:15 New York time
 * on the day before (Monday's on Sunday) and closes at 17:00, so the week runs from Sunday 17:15 to Friday 17:00 with a
 * break of a quarter of an hour each day. The hours follow New York through daylight saving.
 *
 * There is no holiday. Around Christmas and New Year most feeds fall silent, but when and for how long differs from year
 * to year and from feed to feed, and the broker publishes no rule. So these sessions are expected: what the source then
 * does not have becomes confirmed empty. A calendar that closed them would hide bars that exist. Closures to come are
 * known from the reported hours (see `calendarWithReported`).
 */
export const currencyRules: MarketRules = {
  id: 'currencies',
  zone: 'America/New_York',
  known: { start: Date.UTC(1990, 0, 1), end: Date.UTC(2031, 0, 1) },
  dayStart: -7 * 60,
  ordinaryHours: { open: -(6 * 60 + 45), close: 17 * 60 },
  exception: () => undefined,
};
