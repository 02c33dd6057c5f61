import type { BarRow, Bars, CalendarId, ReportedDay, TimeRange } from '../../market/index.ts';
import type { AnsweredRange } from './provenance.ts';

/** A finished piece of a load: the bars, and where the source has confirmed that there are none. */
export interface BarSegment {
  readonly calendar: CalendarId;
  readonly bars: Bars;
  readonly confirmedEmpty: readonly TimeRange[];
  /** The answers that the segment is made of. */
  readonly provenance?: readonly AnsweredRange[];
  /** The hours that the source reports for some days. A series alone that has something else to hold keeps them. */
  readonly hours?: readonly ReportedDay[];
  /**
   * What becomes of bars that are held with other values: they give way to the incoming ones when absent, stay as they
   * are with `keep`, or make the append fail with `refuse`.
   */
  readonly whereHeld?: 'replace' | 'keep' | 'refuse';
  /**
   * The last of the bars is still being formed. It is kept apart, gives way to the next one of its stamp, and counts
   * neither as history nor, when it changes, as a revision.
   */
  readonly lastIsUnfinished?: boolean;
}

/** What an append changed. */
export interface AppendOutcome {
  /** Bars whose stamp was not held before. */
  readonly added: number;
  /** Bars that were held already, value for value or because the segment said to keep them; nothing was written for them. */
  readonly unchanged: number;
  /** Bars that were held with other values; the older values went to the series' revisions. */
  readonly revised: { readonly count: number; readonly first: readonly BarChange[] };
}

export interface BarChange {
  readonly before: BarRow;
  readonly after: BarRow;
}

/** Bars as they were before an answer said otherwise. */
export interface SeriesRevision {
  /** Counts the revisions of a series from 1. */
  readonly revision: number;
  /** Epoch milliseconds. */
  readonly replacedAt: number;
  /** The older values. */
  readonly bars: Bars;
  /** The answers that replaced them. */
  readonly replacedBy: readonly AnsweredRange[];
}
