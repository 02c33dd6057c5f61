export { assessInThread } from './assess-in-thread.ts';
export type { QualityIssue, QualityRule, Severity } from './issue.ts';
export { qualityReportSchema } from './quality.ts';
export type { QualityGrade, QualityReport } from './quality.ts';
export { applyRepairs, repairDoneSchema } from './repairs.ts';
export type { RepairDone } from './repairs.ts';
export { splitBetween } from './splits.ts';
