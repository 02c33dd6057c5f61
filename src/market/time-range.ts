/** A half-open span of time `[start, end)` in epoch milliseconds. A list of ranges is sorted and disjoint unless said otherwise. */
export interface TimeRange {
  readonly start: number;
  readonly end: number;
}
