import * as z from 'zod/mini';
import { operationIdFor, type OperationContext, type StartOptions } from '../operations/index.ts';

const longestDeadlineMs = 30 * 24 * 60 * 60 * 1_000;

/** What a request to start an operation may say beside the operation's input. */
export const startHeaders = z.object({
  'operation-deadline': z.optional(
    z.coerce
      .number<string>('give milliseconds')
      .check(
        z.int('give whole milliseconds'),
        z.minimum(1),
        z.maximum(longestDeadlineMs),
        z.describe('After so many milliseconds, waiting included, the operation is cancelled'),
      ),
  ),
});

/** For a start whose caller does not name the operation. */
export const unnamedStartHeaders = z.extend(startHeaders, {
  'idempotency-key': z.optional(
    z
      .string()
      .check(
        z.minLength(1),
        z.maxLength(255),
        z.describe('The same key and the same input join one operation; with another input it is a conflict'),
      ),
  ),
});

/** The header of a start that has a deadline. */
export function deadlineHeader(deadlineMs: number | undefined): { 'operation-deadline'?: string } {
  return deadlineMs === undefined ? {} : { 'operation-deadline': String(deadlineMs) };
}

/** The same for what has its deadline from the operation that it is a part of. */
export function inheritedDeadline({
  deadlineAt,
  clock,
}: Pick<OperationContext<never>, 'deadlineAt' | 'clock'>): ReturnType<typeof deadlineHeader> {
  if (deadlineAt === undefined) return {};
  return deadlineHeader(Math.min(longestDeadlineMs, Math.max(1, Math.ceil(deadlineAt - clock.now()))));
}

/** The headers of a start, in the words of the orchestrator. */
export function startOptions(
  type: string,
  headers: z.output<typeof unnamedStartHeaders>,
  { traceId }: { traceId: string },
): StartOptions {
  const { 'idempotency-key': key } = headers;
  return {
    ...followUpOptions(headers, { traceId }),
    ...(key === undefined ? {} : { id: operationIdFor(type, key) }),
  };
}

/** The headers of a start that goes on from an ended operation, or begins its work anew. */
export function followUpOptions(
  { 'operation-deadline': deadlineMs }: z.output<typeof startHeaders>,
  { traceId }: { traceId: string },
): Pick<StartOptions, 'traceId' | 'deadlineMs'> {
  return { traceId, ...(deadlineMs === undefined ? {} : { deadlineMs }) };
}
