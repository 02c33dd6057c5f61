/**
 * Days on which the New York Stock Exchange departed from its rules (see `us-equity-rules.ts`), complete from
 * `knownFrom` to `knownTo`; add a day here when the exchange announces it.
 *
 * Two published tables were compared session by session: one of opens and closes for 1990 to 2023, one of closures and
 * early closes for 1998 to 2028. They differ in this, and here stands what the exchange's own list says:
 * - 1998-11-27, 1998-12-24 and 1999-12-31 closed at 13:00; the second table lacks them.
 * - The second table names 2017-12-24, a Sunday, and the Saturdays 2011-01-01 and 2022-01-01; no session is affected.
 * Pauses within a day and late openings (snow, fires, failed systems, halts) are in neither: the day is an ordinary one
 * here, and the minutes without trading become confirmed empty.
 */
export const knownFrom = '1990-01-01';
export const knownTo = '2028-12-31';

/** Where the days below are published. */
const sources = {
  list: 'New York Stock Exchange, Holidays and Special Closings since 1885',
  calendar: "New York Stock Exchange, the year's calendar of holidays and early closings",
  carter: 'New York Stock Exchange, announcement of 30 December 2024',
} as const;

/**
 * What the exchange has announced for years to come; the rules give the same days, which a test holds them to. Years
 * after the last one announced are predicted.
 */
export const announced = {
  through: 2028,
  source: 'NYSE Group Announces 2026, 2027 and 2028 Holiday and Early Closings Calendar, 23 December 2025',
} as const;

export interface UsEquityException {
  /** `2001-09-11` */
  readonly date: string;
  /** New York time of the close; without it the exchange stayed closed. */
  readonly close?: '13:00' | '14:00' | '16:00';
  readonly name: string;
  readonly source: string;
}

const { list, calendar, carter } = sources;

export const usEquityExceptions: readonly UsEquityException[] = [
  { date: '1990-12-24', close: '14:00', name: 'Christmas Eve', source: list },
  { date: '1991-12-24', close: '14:00', name: 'Christmas Eve', source: list },
  { date: '1992-11-27', close: '14:00', name: 'Day after Thanksgiving', source: list },
  { date: '1992-12-24', close: '14:00', name: 'Christmas Eve', source: list },
  { date: '1994-04-27', name: 'Mourning for Richard Nixon', source: list },
  { date: '1996-07-03', close: '16:00', name: 'Early close moved to 5 July', source: calendar },
  { date: '1996-07-05', close: '13:00', name: 'Day after Independence Day', source: list },
  { date: '1997-12-26', close: '13:00', name: 'Day after Christmas', source: list },
  { date: '1999-12-31', close: '13:00', name: "New Year's Eve", source: list },
  { date: '2001-09-11', name: 'Attacks of 11 September', source: list },
  { date: '2001-09-12', name: 'Attacks of 11 September', source: list },
  { date: '2001-09-13', name: 'Attacks of 11 September', source: list },
  { date: '2001-09-14', name: 'Attacks of 11 September', source: list },
  { date: '2002-07-03', close: '16:00', name: 'Early close moved to 5 July', source: calendar },
  { date: '2002-07-05', close: '13:00', name: 'Day after Independence Day', source: list },
  { date: '2003-12-26', close: '13:00', name: 'Day after Christmas', source: list },
  { date: '2004-06-11', name: 'Mourning for Ronald Reagan', source: list },
  { date: '2007-01-02', name: 'Mourning for Gerald Ford', source: list },
  { date: '2012-10-29', name: 'Hurricane Sandy', source: list },
  { date: '2012-10-30', name: 'Hurricane Sandy', source: list },
  { date: '2018-12-05', name: 'Mourning for George H. W. Bush', source: list },
  { date: '2025-01-09', name: 'Mourning for Jimmy Carter', source: carter },
];
