export { qualityRules, severities } from './issue.ts';
export type { QualityIssue, QualityRule, Severity } from './issue.ts';
export { assessQuality, qualityGrades } from './quality.ts';
export type { QualityGrade, QualityReport } from './quality.ts';
export { applyRepairs, repairNames } from './repairs.ts';
export type { RepairDone, RepairName } from './repairs.ts';
