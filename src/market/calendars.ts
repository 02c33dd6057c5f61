import { calendarWithReported } from './calendar-with-reported.ts';
import { createCalendar, type TradingCalendar } from './calendar.ts';
import type { CalendarId } from './calendar-ids.ts';
import { currencyRules } from './currency-rules.ts';
import type { ReportedDay } from './reported-hours.ts';
import { usEquityRules } from './us-equity-rules.ts';

const calendars: Readonly<Record<CalendarId, TradingCalendar>> = {
  us_equities: createCalendar(usEquityRules),
  currencies: createCalendar(currencyRules),
};

/** A market's calendar; on the days that were reported, theirs go before its rules. */
export function calendarOf(id: CalendarId, reported: readonly ReportedDay[] = []): TradingCalendar {
  return calendarWithReported(calendars[id], reported);
}
