import { z } from 'zod';
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
  /** The work did not stop by itself, so its thread was ended. */
  forced: boolean;
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
  startedAt?: number;
  endedAt?: number;
  cancellation?: Cancellation;
  /** Rises with every change, also over a restart: the id of the event that announced it. */
  version: number;
}

const epochMs = z.number().nonnegative();

export const operationSchema: Schema<Operation> = z.object({
  id: z.string(),
  type: z.string(),
  status: z.enum(operationStatuses),
  input: z.unknown(),
  progress: z.object({
    phase: z.string(),
    done: z.number(),
    total: z.number(),
    fraction: z.number().min(0).max(1),
    context: z.unknown(),
    startedAt: epochMs,
    updatedAt: epochMs,
    remainingMs: z.number().exactOptional(),
  }),
  message: z.string(),
  error: problemSchema.exactOptional(),
  createdAt: epochMs,
  startedAt: epochMs.exactOptional(),
  endedAt: epochMs.exactOptional(),
  cancellation: z
    .object({
      reason: z.enum(cancelReasons),
      requestedAt: epochMs,
      acknowledgedAt: epochMs.exactOptional(),
      stoppedAt: epochMs.exactOptional(),
      forced: z.boolean(),
    })
    .exactOptional(),
  version: z.number().int(),
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

/** How a run ended. */
export type Outcome =
  | { readonly status: 'completed' }
  | { readonly status: 'failed'; readonly error: ProblemDetails }
  | { readonly status: 'cancelled'; readonly error: ProblemDetails; readonly forced: boolean };

export function started(operation: Operation, now: number): Operation {
  return { ...moved(operation, 'running'), startedAt: now };
}

export function cancelRequested(operation: Operation, reason: CancelReason, now: number): Operation {
  return { ...moved(operation, 'cancelling'), cancellation: { reason, requestedAt: now, forced: false } };
}

export function cancelAcknowledged(operation: Operation, now: number): Operation {
  if (operation.cancellation === undefined) return operation;
  return { ...operation, cancellation: { ...operation.cancellation, acknowledgedAt: now } };
}

export function ended(operation: Operation, outcome: Outcome, now: number): Operation {
  const last: Operation = { ...moved(operation, outcome.status), endedAt: now };
  if (last.cancellation !== undefined) {
    const forced = outcome.status === 'cancelled' && outcome.forced;
    last.cancellation = { ...last.cancellation, stoppedAt: now, forced };
  }
  return outcome.status === 'completed' ? last : { ...last, error: outcome.error };
}

function moved(operation: Operation, status: OperationStatus): Operation {
  if (!successors[operation.status].includes(status)) {
    throw new KtrdrError('conflict', `Operation ${operation.id} is ${operation.status} and cannot become ${status}.`);
  }
  return { ...operation, status };
}
