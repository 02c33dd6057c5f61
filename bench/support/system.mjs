import { join } from 'node:path';
import { silentLogger } from '../../dist/base/index.js';
import { startApi } from '../../dist/apps/api.js';
import { clientToken } from '../../dist/apps/client-token.js';
import { startIbHost } from '../../dist/apps/ib-host.js';
import { startTrainingHost } from '../../dist/apps/training-host.js';
import { startGatewaySimulator } from '../../dist/ib/index.js';
import { clientOf } from './hosts.mjs';

/** The whole system on loopback ports: a simulated gateway, both host services, the API. All of it real but the gateway. */
export async function startSystem({ home, open }) {
  const log = silentLogger;
  const gateway = open(await startGatewaySimulator());
  const settings = {
    home,
    access: accessOf(home),
    api: { host: '127.0.0.1', port: 0, url: '' },
    ib: { useHostService: false, hostServiceUrl: '', gateway: { host: '127.0.0.1', port: gateway.port, clientId: 1 } },
    training: { useHostService: false, hostServiceUrl: '', bars: 'store', backend: 'auto', memoryMb: 4_096 },
    logLevel: 'silent',
  };
  const ibHost = open(await startIbHost(settings, { port: 0, log }));
  const trainingHost = open(await startTrainingHost(settings, { port: 0, log }));
  const routed = {
    ...settings,
    ib: { ...settings.ib, useHostService: true, hostServiceUrl: ibHost.url },
    training: {
      useHostService: true,
      hostServiceUrl: trainingHost.url,
      bars: 'store',
      backend: 'auto',
      memoryMb: 4_096,
    },
  };
  const api = open(await startApi(routed, { port: 0, log }));
  return {
    client: open(clientOf(api.url, tokenOf(home))),
    trainingHost: open(clientOf(trainingHost.url, tokenOf(home))),
  };
}

/** What a client of a home's services is configured with. */
export const tokenOf = (home) => ({ token: clientToken({ access: accessOf(home) }) });

const accessOf = (home) => ({ file: join(home, 'token') });
