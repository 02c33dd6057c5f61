import { KtrdrError } from '../base/index.ts';

/** An error as RFC 9457 `application/problem+json`. HTTP knows finer statuses than our codes: `status` overrides. */
export function problemResponse(
  error: KtrdrError,
  { status = error.httpStatus, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): Response {
  const { retryAfterMs } = error.details;
  const retry = typeof retryAfterMs === 'number' ? { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) } : {};
  return new Response(JSON.stringify({ ...error.toProblem(), status }), {
    status,
    headers: { 'content-type': 'application/problem+json', ...retry, ...headers },
  });
}
