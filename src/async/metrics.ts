/** Numbers at one step of work, such as the losses after so many batches. */
export interface MetricPoint {
  /** Of work that counts up; what it counts is for the work to say. */
  readonly step: number;
  /** By name; all finite. */
  readonly values: Readonly<Record<string, number>>;
}

/** Where work puts the points of its curves, which are kept with its record. */
export interface Metrics {
  /**
   * Adds a point, in place of all that were at its step or behind it: work that goes on from a checkpoint tells once more
   * what came after that. The newest 10,000 are kept; who makes more should leave some out.
   */
  record(point: MetricPoint): void;
}
