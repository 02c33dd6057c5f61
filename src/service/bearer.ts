import { hash, timingSafeEqual } from 'node:crypto';
import { KtrdrError } from '../base/index.ts';
import { problemResponse } from './problem-response.ts';

/**
 * What lets a request in: `Authorization: Bearer` and the token. Digests of the same length are compared in constant
 * time, so an answer tells nothing about how much of a wrong token was right.
 */
export function bearerGuard(token: string): (authorization: string | null) => boolean {
  const wanted = digest(token);
  return (authorization) => {
    const [, given] = /^Bearer +([^\s]+)$/i.exec(authorization ?? '') ?? [];
    return given !== undefined && timingSafeEqual(digest(given), wanted);
  };
}

/** The one answer to a request without the right token, whatever it asked for. */
export function unauthenticatedResponse(): Response {
  return problemResponse(
    new KtrdrError('unauthenticated', 'This service asks for its access token: Authorization: Bearer TOKEN.'),
    { headers: { 'www-authenticate': 'Bearer' } },
  );
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
