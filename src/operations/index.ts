export { decodeResult, noChildren } from './contract.ts';
export type {
  ChildOptions,
  OperationChildren,
  OperationContext,
  OperationContract,
  OperationWork,
  ResultEncoding,
  ResumePolicy,
  StartedOperation,
} from './contract.ts';
export { lockDirectory, ownerOf, refuseOwned } from './directory-lock.ts';
export { operationIdFor } from './operation-id.ts';
export { logsPageSchema } from './log-line.ts';
export type { LogLine, LogsPage } from './log-line.ts';
export { metricsPageSchema } from './metrics-page.ts';
export type { MetricsPage } from './metrics-page.ts';
export { isTerminal, operationSchema, operationStatuses } from './operation.ts';
export type { Attempt, Operation, OperationStatus } from './operation.ts';
export { OperationStore } from './operation-store.ts';
export type { Retention } from './operation-store.ts';
export type { OperationFilter, OperationPage, PageRequest } from './operation-query.ts';
export { OperationsService } from './operations-service.ts';
export { startSpan } from './span.ts';
export { ServiceOrchestrator } from './service-orchestrator.ts';
export type { StartOptions } from './service-orchestrator.ts';
