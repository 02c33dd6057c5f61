import { join } from 'node:path';
import { silentLogger } from '../../src/base/index.ts';
import type { Settings } from '../../src/config/index.ts';
import { startApi } from '../../src/apps/api.ts';
import { clientToken } from '../../src/apps/client-token.ts';
import { startIbHost } from '../../src/apps/ib-host.ts';
import { Resources } from '../../src/apps/serve.ts';
import { startTrainingHost } from '../../src/apps/training-host.ts';
import { startGatewaySimulator, type GatewaySimulator, type GatewaySimulatorOptions } from '../../src/ib/index.ts';
import { hostServiceConfig, OperationsClient, type ClientToken } from '../../src/service/index.ts';

/** As by default, except that idle sockets go soon, for the tests that look at what is left. */
const pool = { connections: 10, timeoutMs: 30_000, keepAliveMs: 4_000 };

/** The whole system on loopback ports: every boundary is real, only the processes are one. */
export interface Services extends AsyncDisposable {
  readonly gateway: GatewaySimulator;
  readonly api: OperationsClient;
  readonly ibHost: OperationsClient;
  readonly trainingHost: OperationsClient;
  readonly urls: { readonly api: string; readonly ibHost: string; readonly trainingHost: string };
  /** What the services ask for. */
  readonly token: ClientToken;
}

interface ServicesOptions {
  home: string;
  gateway?: GatewaySimulatorOptions;
  /** Whether the API goes through the host services. */
  routing?: 'hosts' | 'local';
}

export async function startServices({
  home,
  gateway: gatewayOptions = {},
  routing = 'hosts',
}: ServicesOptions): Promise<Services> {
  const resources = new Resources();
  const log = silentLogger;
  const client = (name: string, url: string): OperationsClient =>
    resources.add(
      new OperationsClient(name, {
        config: hostServiceConfig({ baseUrl: url, token: clientToken(settings), ...pool }),
      }),
    );
  const gateway = resources.add(await startGatewaySimulator(gatewayOptions));
  const settings: Settings = {
    home,
    state: home,
    access: { file: join(home, 'token') },
    api: { host: '127.0.0.1', port: 0, url: '' },
    ib: {
      useHostService: false,
      hostServiceUrl: '',
      pool,
      gateway: { host: '127.0.0.1', port: gateway.port, clientId: 1 },
    },
    training: { useHostService: false, hostServiceUrl: '', pool, bars: 'store', backend: 'auto', memoryMb: 4_096 },
    logLevel: 'silent',
    variables: {},
  };
  const ibHost = resources.add(await startIbHost(settings, { port: 0, log }));
  const trainingHost = resources.add(await startTrainingHost(settings, { port: 0, log }));
  const useHostService = routing === 'hosts';
  const routed: Settings = {
    ...settings,
    // Locally the API is a client of the gateway itself, beside the host's.
    ib: { useHostService, hostServiceUrl: ibHost.url, pool, gateway: { ...settings.ib.gateway, clientId: 11 } },
    training: {
      useHostService,
      hostServiceUrl: trainingHost.url,
      pool,
      bars: 'store',
      backend: 'auto',
      memoryMb: 4_096,
    },
  };
  const api = resources.add(await startApi(routed, { port: 0, log }));
  return {
    gateway,
    api: client('api', api.url),
    ibHost: client('ib-host', ibHost.url),
    trainingHost: client('training-host', trainingHost.url),
    urls: { api: api.url, ibHost: ibHost.url, trainingHost: trainingHost.url },
    token: clientToken(settings),
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };
}
