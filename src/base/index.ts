export { exp, log, sigmoid, tanh, wholePower } from './deterministic-math.ts';
export { nearestName, suggestion } from './did-you-mean.ts';
export { isCancelled, KtrdrError, systemCode } from './errors.ts';
export type { ErrorCode, ErrorOptions, ProblemDetails } from './errors.ts';
export { newOperationId, operationIdSchema } from './ids.ts';
export { silentLogger } from './logger.ts';
export type { Logger } from './logger.ts';
export { parse, problemSchema } from './schema.ts';
export type { Schema } from './schema.ts';
