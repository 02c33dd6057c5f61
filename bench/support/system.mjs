import { join } from 'node:path';
import { silentLogger } from '../../dist/base/index.js';
import { startApi } from '../../dist/apps/api.js';
import { clientToken } from '../../dist/apps/client-token.js';
import { startIbHost } from '../../dist/apps/ib-host.js';
import { startTrainingHost } from '../../dist/apps/training-host.js';
import { processSettings } from '../../dist/config/index.js';
import { startGatewaySimulator } from '../../dist/ib/index.js';
import { clientOf } from './hosts.mjs';

/** The whole system on loopback ports: a simulated gateway, both host services, the API. All of it real but the gateway. */
export async function startSystem({ home, open }) {
  const log = silentLogger;
  const gateway = open(await startGatewaySimulator());
  const variables = { KTRDR_HOME: home, KTRDR_API_PORT: '0', IB_PORT: String(gateway.port), KTRDR_LOG_LEVEL: 'silent' };
  const settings = await processSettings(variables);
  const ibHost = open(await startIbHost(settings, { port: 0, log }));
  const trainingHost = open(await startTrainingHost(settings, { port: 0, log }));
  const routed = await processSettings({
    ...variables,
    USE_IB_HOST_SERVICE: 'true',
    IB_HOST_SERVICE_URL: ibHost.url,
    USE_TRAINING_HOST_SERVICE: 'true',
    TRAINING_HOST_SERVICE_URL: trainingHost.url,
  });
  const api = open(await startApi(routed, { port: 0, log }));
  return {
    client: open(clientOf(api.url, tokenOf(home))),
    trainingHost: open(clientOf(trainingHost.url, tokenOf(home))),
  };
}

/** What a client of a home's services is configured with. */
export const tokenOf = (home) => ({ token: clientToken({ access: accessOf(home) }) });

const accessOf = (home) => ({ file: join(home, 'token') });
