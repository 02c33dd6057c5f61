export const calendarIds = ['us_equities', 'currencies'] as const;
export type CalendarId = (typeof calendarIds)[number];
