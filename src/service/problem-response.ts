import { KtrdrError } from '../base/index.ts';

interface ProblemOptions {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** Files below it are named relative to it. */
  readonly root?: string | undefined;
}

/** An error as RFC 9457 `application/problem+json`. HTTP knows finer statuses than our codes: `status` overrides. */
export function problemResponse(
  error: KtrdrError,
  { status = error.httpStatus, headers = {}, root }: ProblemOptions = {},
): Response {
  const { retryAfterMs } = error.details;
  const retry = typeof retryAfterMs === 'number' ? { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) } : {};
  return new Response(JSON.stringify({ ...error.toProblem({ root }), status }), {
    status,
    headers: { 'content-type': 'application/problem+json', ...retry, ...headers },
  });
}
