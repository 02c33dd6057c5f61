import { createCalendar, type CalendarId, type TradingCalendar } from './calendar.ts';
import { currencyRules } from './currency-rules.ts';
import { usEquityRules } from './us-equity-rules.ts';

const calendars: Readonly<Record<CalendarId, TradingCalendar>> = {
  us_equities: createCalendar(usEquityRules),
  currencies: createCalendar(currencyRules),
};

export const calendarIds = Object.keys(calendars) as [CalendarId, ...CalendarId[]];

export function calendarOf(id: CalendarId): TradingCalendar {
  return calendars[id];
}
