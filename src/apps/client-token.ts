import { readToken, tokenOrigin, type Settings } from '../config/index.ts';
import type { ClientToken } from '../service/index.ts';

/** The token of the home that the settings name. Once found it holds: services ask for the same one while they run. */
export function clientToken({ access }: Pick<Settings, 'access'>): ClientToken {
  let found: string | undefined;
  return { read: () => (found ??= readToken(access)), origin: tokenOrigin(access) };
}
