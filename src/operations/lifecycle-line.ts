import type { LogLine } from './log-line.ts';
import type { Operation } from './operation.ts';

/** What the log of an operation says of a change of its status; undefined where that is the same. */
export function lifecycleLine(before: Operation | undefined, operation: Operation, now: number): LogLine | undefined {
  const { status, attempt, startedAt, endedAt, cancellation, error, resumedFrom, retriedFrom } = operation;
  if (before?.status === status) return undefined;
  switch (status) {
    case 'pending':
      if (before !== undefined) return line('operation left to the next start', now);
      return line('operation queued', now, {
        attempt,
        ...(resumedFrom === undefined ? {} : { resumedFrom }),
        ...(retriedFrom === undefined ? {} : { retriedFrom }),
      });
    case 'running':
      return line('operation started', startedAt ?? now, { attempt });
    case 'cancelling':
      return line('cancel asked for', cancellation?.requestedAt ?? now, { reason: cancellation?.reason });
    case 'cancelled':
      return line('operation cancelled', endedAt ?? now, {
        reason: cancellation?.reason,
        forced: cancellation?.forced,
      });
    case 'failed':
      return {
        ...line('operation failed', endedAt ?? now, { code: error?.code, error: error?.detail }),
        level: 'error',
      };
    case 'completed':
      return line('operation completed', endedAt ?? now);
    default:
      return status satisfies never;
  }
}

function line(message: string, at: number, fields: LogLine['fields'] = {}): LogLine {
  return { at, level: 'info', message, fields };
}
