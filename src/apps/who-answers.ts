import type { CancellationToken } from '../async/index.ts';
import { apiPrefix } from '../config/index.ts';
import type { Health } from '../service/index.ts';
import { briefClient } from './brief-client.ts';

/** @returns what a ktrdr service at an address says of itself; undefined where none answers in time. */
export async function healthAt(baseUrl: string, token: CancellationToken): Promise<Health | undefined> {
  await using client = briefClient('service', { url: baseUrl, withinMs: 1_000 });
  try {
    return await client.health(token);
  } catch {
    token.throwIfCancelled(`the look for a service at ${baseUrl}`);
    return undefined;
  }
}

/** @returns which ktrdr service answers at the root of an address, whatever its prefix; undefined where none does. */
export async function whoAnswers(origin: string, token: CancellationToken): Promise<Health | undefined> {
  const [host, api] = await Promise.all([healthAt(origin, token), healthAt(`${origin}${apiPrefix}`, token)]);
  return host ?? api;
}
