export { decodeResult, noChildren } from './contract.ts';
export type {
  ChildOptions,
  OperationChildren,
  OperationContext,
  OperationContract,
  OperationWork,
  ResultEncoding,
  ResumePolicy,
} from './contract.ts';
export { operationIdFor } from './operation-id.ts';
export { isTerminal, operationSchema, operationStatuses } from './operation.ts';
export type { Attempt, Operation, OperationStatus } from './operation.ts';
export { OperationStore } from './operation-store.ts';
export type { OperationFilter, OperationPage, PageRequest, Retention } from './operation-store.ts';
export { OperationsService } from './operations-service.ts';
export { startSpan } from './span.ts';
export { ServiceOrchestrator } from './service-orchestrator.ts';
export type { StartOptions, StartedOperation } from './service-orchestrator.ts';
