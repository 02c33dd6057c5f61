import { CancellationToken } from '../../async/index.ts';
import { KtrdrError, newTraceId } from '../../base/index.ts';
import { apiPrefix, type Settings } from '../../config/index.ts';
import {
  agentTransport,
  hostServiceConfig,
  OperationsClient,
  type HostServiceConfig,
  type Transport,
} from '../../service/index.ts';
import { clientToken } from '../client-token.ts';

/** By address, for the whole process: sockets that are idle are there for its next command, and do not keep it alive. */
const transports = new Map<string, Transport>();

/** Gives a command the API, and a hint to whoever has not started one. One pool of sockets, and one trace a command. */
export async function withApi<T>(settings: Settings, act: (client: OperationsClient) => Promise<T>): Promise<T> {
  const { api } = settings;
  const config = hostServiceConfig({ baseUrl: api.url, retries: 1, token: clientToken(settings) });
  const client = new OperationsClient('the ktrdr API', {
    config,
    transport: transportTo(config),
    traceId: newTraceId(),
  });
  try {
    return await act(client);
  } catch (thrown) {
    const error = KtrdrError.from(thrown);
    if (error.code === 'not_found') throw (await elsewhere(api.url)) ?? error;
    if (error.code !== 'unavailable' || error.details['address'] !== api.url) throw error;
    const { operation } = error.details;
    const message =
      typeof operation === 'string'
        ? `Lost contact with the ktrdr API at ${api.url} while operation "${operation}" ran: see "ktrdr ops status ${operation}", after "ktrdr up" if the API has ended.`
        : `Cannot reach the ktrdr API at ${api.url}: start it with "ktrdr up", or name another with --api URL.`;
    throw new KtrdrError('unavailable', message, { cause: error });
  }
}

/** For an address that leaves out the path of the API: what to write, if it answers there. */
async function elsewhere(url: string): Promise<KtrdrError | undefined> {
  if (new URL(url).pathname !== '/') return undefined;
  const { healthAt } = await import('../who-answers.ts');
  const [here, there] = await Promise.all(
    [url, `${url}${apiPrefix}`].map((at) => healthAt(at, CancellationToken.none)),
  );
  if (here !== undefined || there === undefined) return undefined;
  return new KtrdrError('not_found', `There is no ktrdr API at ${url}; write ${url}${apiPrefix}.`);
}

function transportTo(config: HostServiceConfig): Transport {
  const transport = transports.get(config.baseUrl) ?? agentTransport(config);
  transports.set(config.baseUrl, transport);
  return transport;
}
