import { KtrdrError } from '../base/index.ts';
import { decodeResult, type OperationContract } from './contract.ts';
import { isTerminal, type Operation } from './operation.ts';
import type { OperationsService } from './operations-service.ts';

/** The result of an operation that has ended. @throws KtrdrError what it ended with, when it did not complete. */
export async function endedResult(
  { id, status, error }: Operation,
  contract: OperationContract<unknown, unknown, unknown>,
  operations: OperationsService,
): Promise<unknown> {
  if (status === 'completed') return decodeResult(contract, operations.result(id).bytes);
  if (error !== undefined && isTerminal(status)) throw KtrdrError.fromProblem(error);
  throw new KtrdrError('internal', `Operation "${id}" is ${status} but does not run here.`);
}
