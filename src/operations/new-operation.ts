import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod/mini';
import type { ProgressState } from '../async/index.ts';
import { KtrdrError, parse } from '../base/index.ts';
import type { OperationContract } from './contract.ts';
import type { Beginning, Operation } from './operation.ts';

type AnyContract = OperationContract<unknown, unknown, unknown>;

export interface NewOperation {
  readonly id: string;
  readonly deadlineMs?: number;
  readonly priority?: number;
  readonly parent?: string | undefined;
  readonly resumedFrom?: string;
  readonly retriedFrom?: string;
  readonly traceId?: string;
}

/** The record of work that is accepted. @throws KtrdrError `invalid_input` for a priority that is none. */
export function newOperation(
  contract: AnyContract,
  input: unknown,
  { now, ...options }: NewOperation & { now: number },
): Operation {
  const { id, deadlineMs, priority = 0, parent, resumedFrom, retriedFrom, traceId } = options;
  return {
    id,
    type: contract.type,
    status: 'pending',
    input: asKept(input),
    ...beginning(contract, input, now),
    createdAt: now,
    ...(deadlineMs === undefined ? {} : { deadlineAt: now + deadlineMs }),
    attempt: 1,
    attempts: [],
    priority: parse(prioritySchema, priority, 'The priority'),
    ...(parent === undefined ? {} : { parent }),
    ...(resumedFrom === undefined ? {} : { resumedFrom }),
    ...(retriedFrom === undefined ? {} : { retriedFrom }),
    ...(traceId === undefined ? {} : { traceId }),
    version: 0,
  };
}

/** What an operation shows before its work has said anything. */
export function beginning(contract: AnyContract, input: unknown, now: number): Beginning {
  const progress: ProgressState<unknown> = {
    phase: '',
    done: 0,
    total: 0,
    fraction: 0,
    context: contract.begin(input),
    startedAt: now,
    updatedAt: now,
  };
  return { progress, message: contract.render(progress) };
}

/** @throws KtrdrError `conflict` when the record is of other work. Inputs are compared as JSON, which is how they are kept. */
export function assertSameWork({ id, type, input: kept }: Operation, contract: AnyContract, input: unknown): void {
  if (type === contract.type && isDeepStrictEqual(kept, asKept(input))) return;
  throw new KtrdrError('conflict', `Operation "${id}" exists with another type or input; choose another id.`);
}

/** What is left of an input in a record, which is JSON. */
function asKept(input: unknown): unknown {
  return input === undefined ? null : JSON.parse(JSON.stringify(input));
}

/** The input of a record. @throws KtrdrError `invalid_input` when the contract does not take it (any more). */
export function inputOf(contract: AnyContract, { id, input }: Operation): unknown {
  const wasNone = input === null && contract.input.safeParse(undefined).success;
  return parse(contract.input, wasNone ? undefined : input, `The input of operation "${id}"`);
}

const prioritySchema = z.number().check(z.minimum(-1_000), z.maximum(1_000));
