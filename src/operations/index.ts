export { decodeResult } from './contract.ts';
export type { OperationContext, OperationContract, OperationWork, ResultEncoding } from './contract.ts';
export { isTerminal, operationSchema, operationStatuses } from './operation.ts';
export type { Operation, OperationStatus } from './operation.ts';
export { OperationStore } from './operation-store.ts';
export type { OperationFilter } from './operation-store.ts';
export { OperationsService } from './operations-service.ts';
export { ServiceOrchestrator } from './service-orchestrator.ts';
export type { StartOptions, StartedOperation } from './service-orchestrator.ts';
