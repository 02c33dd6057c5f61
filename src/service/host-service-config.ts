import { KtrdrError } from '../base/index.ts';

/** What a client shows to a host that asks for a token. */
export interface ClientToken {
  /** Asked before every request; nothing when there is none (yet). */
  readonly read: () => string | undefined | Promise<string | undefined>;
  /** For people: where it is read, such as a file. Never the token itself. */
  readonly origin: string;
}

/** How a client talks to a host service. */
export interface HostServiceConfig {
  /** With the path prefix, for example `http://127.0.0.1:8000/api/v1`. */
  readonly baseUrl: string;
  /** At most so many sockets for calls; streams of events have their own. */
  readonly connections: number;
  /** The longest wait for an answer, and the longest silence within one. */
  readonly timeoutMs: number;
  /** Tries after the first one, for idempotent calls. */
  readonly retries: number;
  /** How long an idle socket is kept. */
  readonly keepAliveMs: number;
  /** For a host that asks for one. */
  readonly token?: ClientToken;
}

/**
 * Fills in what was not set.
 * @throws KtrdrError `invalid_input` for an address that is none.
 */
export function hostServiceConfig(
  settings: Pick<HostServiceConfig, 'baseUrl'> & Partial<HostServiceConfig>,
): HostServiceConfig {
  const { baseUrl } = settings;
  if (!/^https?:\/\//.test(baseUrl) || !URL.canParse(baseUrl)) {
    throw new KtrdrError(
      'invalid_input',
      `"${baseUrl}" is not the address of a service; it looks like http://127.0.0.1:5001.`,
    );
  }
  return { connections: 10, timeoutMs: 30_000, retries: 3, keepAliveMs: 30_000, ...settings };
}
