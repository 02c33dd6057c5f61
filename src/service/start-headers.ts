import * as z from 'zod/mini';
import { operationIdFor, type StartOptions } from '../operations/index.ts';

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

/** The headers of a start, in the words of the orchestrator. */
export function startOptions(
  type: string,
  headers: z.output<typeof unnamedStartHeaders>,
  { traceId }: { traceId: string },
): StartOptions {
  const { 'operation-deadline': deadlineMs, 'idempotency-key': key } = headers;
  return {
    traceId,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(key === undefined ? {} : { id: operationIdFor(type, key) }),
  };
}
