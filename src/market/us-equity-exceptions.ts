/**
 * Days on which the New York Stock Exchange departed from its holiday rules (see `us-equity-rules.ts`).
 * Source: the exchange's own announcements and its list of holidays and special closings since 1885. Complete for
 * `knownFrom` to `knownTo`; add a day here when the exchange announces it.
 */
export const knownFrom = '1990-01-01';
export const knownTo = '2028-12-31';

/** Closed although the rules know no holiday. */
export const specialClosures: readonly string[] = [
  '1994-04-27', // mourning for Richard Nixon
  '2001-09-11', // attacks of 11 September
  '2001-09-12',
  '2001-09-13',
  '2001-09-14',
  '2004-06-11', // mourning for Ronald Reagan
  '2007-01-02', // mourning for Gerald Ford
  '2012-10-29', // Hurricane Sandy
  '2012-10-30',
  '2018-12-05', // mourning for George H. W. Bush
  '2025-01-09', // mourning for Jimmy Carter
];

/** New York time of the close where it differs from what the rules say. */
export const specialCloses: Readonly<Record<string, '13:00' | '14:00' | '16:00'>> = {
  '1990-12-24': '14:00',
  '1991-12-24': '14:00',
  '1992-11-27': '14:00',
  '1992-12-24': '14:00',
  '1996-07-03': '16:00',
  '1996-07-05': '13:00',
  '1997-12-26': '13:00',
  '1999-12-31': '13:00',
  '2002-07-03': '16:00',
  '2002-07-05': '13:00',
  '2003-12-26': '13:00',
};
