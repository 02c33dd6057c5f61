import * as z from 'zod/mini';
import { cancelReasons } from '../async/index.ts';
import type { Schema } from '../base/index.ts';
import { logsPageSchema, metricsPageSchema, operationSchema, operationStatuses } from '../operations/index.ts';
import { defineEndpoint } from './endpoint.ts';
import { oneOrMore } from './one-or-more.ts';
import { startHeaders, unnamedStartHeaders } from './start-headers.ts';

/** That a host is alive, and which one it is. */
export interface Health {
  service: string;
  version: string;
  status: 'ok';
}

const healthSchema: Schema<Health> = z.object({ service: z.string(), version: z.string(), status: z.literal('ok') });

const ofOne = z.object({ id: z.string() });
const ofType = z.object({ type: z.string() });

export const getHealth = defineEndpoint({
  method: 'GET',
  path: '/health',
  summary: 'That the service is alive, and which one it is',
  response: healthSchema,
});

export const getReadiness = defineEndpoint({
  method: 'GET',
  path: '/ready',
  summary: 'Whether the service can do its work; an `unavailable` problem names what is missing',
  response: z.object({ service: z.string(), ready: z.literal(true), checks: z.array(z.string()) }),
});

export const getMetrics = defineEndpoint({
  method: 'GET',
  path: '/metrics',
  summary: 'Numbers for a monitor, in the text format of Prometheus',
  response: 'binary',
});

export const startOperation = defineEndpoint({
  method: 'PUT',
  path: '/operations/{type}/{id}',
  summary: 'Start an operation under an id of your choice, or join the one that has it',
  params: z.object({ type: z.string(), id: z.string() }),
  headers: startHeaders,
  body: z.unknown(),
  response: operationSchema,
  status: 202,
});

export const startUnnamedOperation = defineEndpoint({
  method: 'POST',
  path: '/operations/{type}',
  summary: 'Start an operation; the service chooses the id',
  params: ofType,
  headers: unnamedStartHeaders,
  body: z.unknown(),
  response: operationSchema,
  status: 202,
});

export const listOperations = defineEndpoint({
  method: 'GET',
  path: '/operations',
  summary: 'Operations, newest first; `nextCursor` as `cursor` gives the next page',
  query: z.object({
    status: z.optional(oneOrMore(z.enum(operationStatuses))),
    type: z.optional(z.string()),
    parent: z.optional(z.string()),
    limit: z._default(z.coerce.number<number>().check(z.int(), z.minimum(1), z.maximum(1000)), 100),
    cursor: z.optional(z.string()),
  }),
  response: z.object({
    operations: z.array(operationSchema),
    total: z.int(),
    nextCursor: z.exactOptional(z.string()),
  }),
});

export const watchOperations = defineEndpoint({
  method: 'GET',
  path: '/operations/events',
  summary:
    'All operations in one stream, without end: those that have not ended, in the order of their last changes, then whenever one changes. The id of an event is a version that rises over all operations; `Last-Event-ID` or `after` resumes behind it, and `after=0` begins with everything that is kept',
  query: z.object({
    type: z.optional(z.string()),
    parent: z.optional(z.string()),
    after: z.optional(z.coerce.number<number>().check(z.minimum(0))),
  }),
  response: 'events',
});

export const getOperation = defineEndpoint({
  method: 'GET',
  path: '/operations/{id}',
  summary:
    'An operation as it is now. With `Prefer: wait=n` the answer waits until it changes, or is newer than the version `after`, for n seconds at most; 60 is the most that is applied',
  params: ofOne,
  query: z.object({ after: z.optional(z.coerce.number<number>().check(z.minimum(0))) }),
  headers: z.object({ prefer: z.optional(z.string()) }),
  response: operationSchema,
});

export const watchOperation = defineEndpoint({
  method: 'GET',
  path: '/operations/{id}/events',
  summary:
    'The operation as it is now and whenever it changes, until it ends. The id of an event is the version of the operation; `Last-Event-ID` or `after` resumes behind it',
  params: ofOne,
  query: z.object({ after: z._default(z.coerce.number<number>().check(z.minimum(0)), 0) }),
  response: 'events',
});

export const getOperationResult = defineEndpoint({
  method: 'GET',
  path: '/operations/{id}/result',
  summary: 'The result of a completed operation, in the media type of its kind',
  params: ofOne,
  response: 'binary',
});

export const getOperationMetrics = defineEndpoint({
  method: 'GET',
  path: '/operations/{id}/metrics',
  summary:
    'The curves of an operation as points in the order in which they were recorded: a step and its values. `cursor` of an answer as `cursor` goes on behind it, also later; `more` says that there are some already. A point whose step is not above that of the one before takes the place of all from there on',
  params: ofOne,
  query: z.object({
    cursor: z._default(z.coerce.number<number>().check(z.minimum(0)), 0),
    limit: z._default(z.coerce.number<number>().check(z.int(), z.minimum(1), z.maximum(10_000)), 1_000),
  }),
  response: metricsPageSchema,
});

export const getOperationLogs = defineEndpoint({
  method: 'GET',
  path: '/operations/{id}/logs',
  summary:
    'The log of an operation and its work: the newest 1,000 lines, oldest first. `cursor` of an answer as `cursor` goes on behind it, also later; `more` says that there are some already',
  params: ofOne,
  query: z.object({
    cursor: z._default(z.coerce.number<number>().check(z.minimum(0)), 0),
    limit: z._default(z.coerce.number<number>().check(z.int(), z.minimum(1), z.maximum(1_000)), 1_000),
  }),
  response: logsPageSchema,
});

export const cancelOperation = defineEndpoint({
  method: 'POST',
  path: '/operations/{id}/cancel',
  summary: 'Ask an operation to stop; asking again, or after its end, changes nothing',
  params: ofOne,
  body: z.optional(z.object({ reason: z._default(z.enum(cancelReasons), 'user') })),
  response: operationSchema,
  idempotent: true,
});

export const resumeOperation = defineEndpoint({
  method: 'POST',
  path: '/operations/{id}/resume',
  summary:
    'Continue an operation that failed or was cancelled, as a new one with its input and its last checkpoint; asking again while that runs answers with it',
  params: ofOne,
  headers: startHeaders,
  response: operationSchema,
  status: 202,
  idempotent: true,
});

export const retryOperation = defineEndpoint({
  method: 'POST',
  path: '/operations/{id}/retry',
  summary:
    'Run an ended operation again from the beginning, as a new one with its input and without its checkpoint; asking again while that runs answers with it',
  params: ofOne,
  headers: startHeaders,
  response: operationSchema,
  status: 202,
  idempotent: true,
});
