import * as z from 'zod/mini';
import { findingsOf, KtrdrError, problemSchema, type ErrorCode } from '../base/index.ts';
import { formsOf, type Endpoint } from './endpoint.ts';
import type { TransportResponse } from './transport.ts';

/**
 * The value in a successful answer.
 * @throws KtrdrError `data_corrupt` for one that is not what the endpoint promises.
 */
export async function readOutput({ response: expected }: Endpoint, response: TransportResponse): Promise<unknown> {
  const bytes = await response.bytes();
  const mediaType = response.header('content-type') ?? 'application/octet-stream';
  if (expected === 'binary') return { mediaType, bytes };
  if (expected === 'events') throw new KtrdrError('internal', 'A stream of events is read with `stream`.');
  const { json, encoding } = formsOf(expected);
  if (encoding !== undefined && mediaType === encoding.mediaType) return encoding.decode(bytes);
  const given = bytes.length === 0 ? undefined : parseJson(bytes);
  const parsed = z.safeParse(json, given);
  if (parsed.success) return parsed.data;
  const findings = findingsOf(parsed.error.issues, { schema: json, root: given });
  const issues = findings.map(({ path, message }) => ({ path: path.join('.'), message }));
  throw new KtrdrError(
    'data_corrupt',
    'The answer does not have the promised shape; client and service may be of different versions.',
    { cause: parsed.error, details: { issues } },
  );
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (cause) {
    throw new KtrdrError('data_corrupt', 'The answer is not JSON.', { cause });
  }
}

const utf8 = new TextDecoder();

/** The error in an answer; one that is not our problem format comes from something between us and the host. */
export async function problemOf(response: TransportResponse): Promise<KtrdrError> {
  const bytes = await response.bytes();
  const problem = problemSchema.safeParse(tryJson(bytes));
  const retryAfter = Number.parseFloat(response.header('retry-after') ?? '') * 1_000;
  const hint = Number.isNaN(retryAfter) ? {} : { retryAfterMs: retryAfter };
  if (problem.success) {
    const { code, detail, details } = problem.data;
    return new KtrdrError(code, detail, { details: { ...hint, ...details } });
  }
  const { status } = response;
  const text = utf8.decode(bytes).slice(0, 200);
  return new KtrdrError(
    codeOfStatus(status),
    `The answer was HTTP ${status} and not from our service (${text || 'empty'}). Check the address, and whatever lies between.`,
    { details: { status, ...hint } },
  );
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 429) return 'rate_limited';
  if (status === 401) return 'unauthenticated';
  if (status === 403) return 'permission_denied';
  if (status === 500) return 'internal';
  return status > 500 ? 'unavailable' : 'failed_precondition';
}

function tryJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    return undefined;
  }
}
