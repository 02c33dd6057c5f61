import { agentTransport, hostServiceConfig, OperationsClient, type ClientToken } from '../service/index.ts';

interface BriefClientOptions {
  readonly url: string;
  readonly withinMs: number;
  /** Absent where the service is not known to be one that may see it. */
  readonly token?: ClientToken;
}

/** For a question or two to a service that answers soon or not at all. Nothing is asked twice. */
export function briefClient(serviceName: string, { url, withinMs, token }: BriefClientOptions): OperationsClient {
  const config = hostServiceConfig({
    baseUrl: url,
    retries: 0,
    timeoutMs: withinMs,
    ...(token === undefined ? {} : { token }),
  });
  return new OperationsClient(serviceName, { config, transport: agentTransport(config) });
}
