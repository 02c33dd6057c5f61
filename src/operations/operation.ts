import * as z from 'zod/mini';
import { cancelReasons, type CancelReason, type ProgressState } from '../async/index.ts';
import { KtrdrError, problemSchema, type ProblemDetails, type Schema } from '../base/index.ts';

export const operationStatuses = ['pending', 'running', 'cancelling', 'completed', 'failed', 'cancelled'] as const;
export type OperationStatus = (typeof operationStatuses)[number];

/** A cancel from the request to the standstill; times in epoch milliseconds. */
export interface Cancellation {
  reason: CancelReason;
  requestedAt: number;
  /** When whatever runs the work had been told. */
  acknowledgedAt?: number;
  /** When the work had stopped. */
  stoppedAt?: number;
  /** The work did not stop by itself: its thread was ended, or it was left behind. */
  forced: boolean;
}

const attemptEnds = ['completed', 'failed', 'cancelled', 'interrupted', 'released'] as const;

/** One try at an operation that is over. */
export interface Attempt {
  number: number;
  startedAt: number;
  /** Of an interrupted attempt, its last sign of life. */
  endedAt?: number;
  /** `interrupted` by the death of its process, `released` by a shutdown that left the work to the next start. */
  ended: (typeof attemptEnds)[number];
  error?: ProblemDetails;
}

/** The durable record of one piece of long work, the same on every side. Times are epoch milliseconds. */
export interface Operation {
  id: string;
  type: string;
  status: OperationStatus;
  /** The validated input, defaults filled in. */
  input: unknown;
  progress: ProgressState<unknown>;
  /** The progress in words, by the contract's renderer. */
  message: string;
  error?: ProblemDetails;
  createdAt: number;
  /** Of the current attempt. */
  startedAt?: number;
  endedAt?: number;
  /** When it is cancelled with reason `timeout`, if it has not ended by then. */
  deadlineAt?: number;
  cancellation?: Cancellation;
  /** The attempt that is under way, waits, or was the last; from 1. */
  attempt: number;
  /** Those that are over, oldest first. */
  attempts: Attempt[];
  /** Of those that wait for the same resource the highest goes first. */
  priority: number;
  /** While it waits for a resource: 1 is next. */
  queuePlace?: number;
  /** The operation whose work started this one. */
  parent?: string;
  /** The ended operation that this one goes on from. */
  resumedFrom?: string;
  /** The ended operation whose work this one begins anew. */
  retriedFrom?: string;
  /** The trace of the request that started it. */
  traceId?: string;
  /** Rises with every change, over all operations and over restarts: the id of the event that announced it. */
  version: number;
}

const counted = z.int().check(z.positive());
const epochMs = z.number().check(z.nonnegative());

export const operationSchema: Schema<Operation> = z.object({
  id: z.string(),
  type: z.string(),
  status: z.enum(operationStatuses),
  input: z.unknown(),
  progress: z.object({
    phase: z.string(),
    done: z.number(),
    total: z.number(),
    fraction: z.number().check(z.minimum(0), z.maximum(1)),
    context: z.unknown(),
    startedAt: epochMs,
    updatedAt: epochMs,
    unitsPerSecond: z.exactOptional(z.number()),
    remainingMs: z.exactOptional(z.number()),
    remaining: z.exactOptional(z.object({ p50Ms: z.number(), p90Ms: z.number() })),
  }),
  message: z.string(),
  error: z.exactOptional(problemSchema),
  createdAt: epochMs,
  startedAt: z.exactOptional(epochMs),
  endedAt: z.exactOptional(epochMs),
  deadlineAt: z.exactOptional(epochMs),
  cancellation: z.exactOptional(
    z.object({
      reason: z.enum(cancelReasons),
      requestedAt: epochMs,
      acknowledgedAt: z.exactOptional(epochMs),
      stoppedAt: z.exactOptional(epochMs),
      forced: z.boolean(),
    }),
  ),
  attempt: counted,
  attempts: z.array(
    z.object({
      number: counted,
      startedAt: epochMs,
      endedAt: z.exactOptional(epochMs),
      ended: z.enum(attemptEnds),
      error: z.exactOptional(problemSchema),
    }),
  ),
  priority: z.number(),
  queuePlace: z.exactOptional(counted),
  parent: z.exactOptional(z.string()),
  resumedFrom: z.exactOptional(z.string()),
  retriedFrom: z.exactOptional(z.string()),
  traceId: z.exactOptional(z.string()),
  version: z.int(),
});

const successors: Record<OperationStatus, readonly OperationStatus[]> = {
  pending: ['running', 'cancelling', 'failed'],
  running: ['cancelling', 'completed', 'failed'],
  cancelling: ['completed', 'failed', 'cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
};

export function isTerminal(status: OperationStatus): boolean {
  return successors[status].length === 0;
}

/** Whether an attempt of it, or of what it goes on from, may have left something running elsewhere. */
export function hasBegun({ startedAt, attempts, resumedFrom }: Operation): boolean {
  return startedAt !== undefined || attempts.length > 0 || resumedFrom !== undefined;
}

/** Whether it was cancelled, and nobody has said that its work has stopped where it ran. */
export function isUnconfirmed({ status, error }: Operation): boolean {
  return status === 'cancelled' && error?.details?.['unconfirmed'] === true;
}

/** How a run ended. */
export type Outcome =
  | { readonly status: 'completed' }
  | { readonly status: 'failed'; readonly error: ProblemDetails }
  | { readonly status: 'cancelled'; readonly error: ProblemDetails; readonly forced: boolean };

/** What the progress is before the work has reported any. */
export interface Beginning {
  readonly progress: ProgressState<unknown>;
  readonly message: string;
}

export function queued(operation: Operation, place: number): Operation {
  return {
    ...operation,
    queuePlace: place,
    progress: { ...operation.progress, phase: 'queued' },
    message: place === 1 ? 'Queued, next to start' : `Queued, ${place - 1} ahead`,
  };
}

export function started(operation: Operation, beginning: Beginning, now: number): Operation {
  const { queuePlace: _, ...rest } = moved(operation, 'running');
  return { ...rest, ...beginning, startedAt: now };
}

/** One of two ways back: the process of the last attempt is gone, and the work is to be tried again. At start-up only. */
export function retried(operation: Operation, beginning: Beginning): Operation {
  const { startedAt: _, ...rest } = interrupted(operation);
  return { ...rest, ...beginning, status: 'pending', attempt: operation.attempt + 1 };
}

/**
 * The other way back: a shutdown has stopped the attempt, and the next start goes on. It keeps what it shows, so that
 * one can see how far it is while it waits.
 */
export function released(operation: Operation, now: number): Operation {
  if (operation.status !== 'pending' && operation.status !== 'running') {
    throw new KtrdrError('conflict', `Operation ${operation.id} is ${operation.status} and cannot be left to later.`);
  }
  const { startedAt, queuePlace: _, ...rest } = operation;
  if (startedAt === undefined) return rest;
  const { attempt, attempts } = operation;
  const last: Attempt = { number: attempt, startedAt, endedAt: now, ended: 'released' };
  return { ...rest, status: 'pending', attempt: attempt + 1, attempts: [...attempts, last] };
}

/** A cancel whose process is gone, taken up again: an attempt that has nothing to do but to stop. At start-up only. */
export function stopResumed(operation: Operation, now: number): Operation {
  const attempt = operation.startedAt === undefined ? operation.attempt : operation.attempt + 1;
  return { ...interrupted(operation), attempt, startedAt: now };
}

/** Notes that the attempt under way ended with its process. */
export function interrupted(operation: Operation): Operation {
  const { startedAt, attempt, progress } = operation;
  if (startedAt === undefined) return operation;
  const endedAt = Math.max(startedAt, progress.updatedAt);
  const last: Attempt = { number: attempt, startedAt, endedAt, ended: 'interrupted' };
  return { ...operation, attempts: [...operation.attempts, last] };
}

export function cancelRequested(operation: Operation, reason: CancelReason, now: number): Operation {
  return { ...moved(operation, 'cancelling'), cancellation: { reason, requestedAt: now, forced: false } };
}

export function cancelAcknowledged(operation: Operation, now: number): Operation {
  if (operation.cancellation === undefined) return operation;
  return { ...operation, cancellation: { ...operation.cancellation, acknowledgedAt: now } };
}

export function ended(operation: Operation, outcome: Outcome, now: number): Operation {
  const { queuePlace: _, ...rest } = moved(operation, outcome.status);
  const error = outcome.status === 'completed' ? {} : { error: outcome.error };
  const progress = outcome.status === 'completed' ? allDone(operation.progress) : operation.progress;
  const last: Operation = { ...rest, ...error, progress, endedAt: now };
  if (last.cancellation !== undefined) {
    const forced = outcome.status === 'cancelled' && outcome.forced;
    last.cancellation = { ...last.cancellation, stoppedAt: now, forced };
  }
  const { attempt, startedAt } = operation;
  if (startedAt === undefined || operation.attempts.some(({ number }) => number === attempt)) return last;
  const attempted: Attempt = { number: attempt, startedAt, endedAt: now, ended: outcome.status, ...error };
  return { ...last, attempts: [...operation.attempts, attempted] };
}

/** What has completed is done, also where its work had not said so. */
function allDone(progress: Operation['progress']): Operation['progress'] {
  const { remaining: _, remainingMs: __, ...reported } = progress;
  return { ...reported, fraction: 1 };
}

function moved(operation: Operation, status: OperationStatus): Operation {
  if (!successors[operation.status].includes(status)) {
    throw new KtrdrError('conflict', `Operation ${operation.id} is ${operation.status} and cannot become ${status}.`);
  }
  return { ...operation, status };
}
