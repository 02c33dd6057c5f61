export { BarStore } from './bar-store.ts';
export type { ReadOptions } from './bar-store.ts';
export type { AppendOutcome, BarChange, BarSegment, SeriesRevision } from './bar-segment.ts';
export type { AnsweredRange, Provenance, ProvenanceInterval } from './provenance.ts';
export type { SeriesInfo } from './series-info.ts';
export type { SeriesKey } from './series.ts';
export { snapshotOf } from './snapshot.ts';
export type { Snapshot } from './snapshot.ts';
export type { StoreIssue, StoreReport } from './verify-store.ts';
