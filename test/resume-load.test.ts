import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientToken } from '../src/apps/client-token.ts';
import { startApi } from '../src/apps/api.ts';
import { Resources, type RunningService } from '../src/apps/serve.ts';
import { CancellationToken } from '../src/async/index.ts';
import { silentLogger } from '../src/base/index.ts';
import { processSettings, type Settings } from '../src/config/index.ts';
import { loadBars } from '../src/data/index.ts';
import { startGatewaySimulator } from '../src/ib/index.ts';
import { isTerminal, type Operation } from '../src/operations/index.ts';
import { hostServiceConfig, OperationsClient } from '../src/service/index.ts';
import { KtrdrProcess, temporaryDirectory, type TemporaryDirectory } from './support/ktrdr-process.ts';
import { freePort } from './support/free-port.ts';

const { none: token } = CancellationToken;
const load = {
  symbol: 'AAPL',
  timeframe: '5m',
  mode: 'full',
  start: Date.parse('2024-01-01'),
  end: Date.parse('2024-09-01'),
} as const;

describe('a load whose IB host is killed', () => {
  let home: TemporaryDirectory;
  let resources: Resources;
  let settings: Settings;
  let port: number;
  let api: OperationsClient;
  let ibHost: KtrdrProcess;

  beforeEach(async () => {
    home = await temporaryDirectory();
    resources = new Resources();
    port = await freePort();
    const gateway = resources.add(await startGatewaySimulator({ latencyMs: 150 }));
    settings = await processSettings({
      KTRDR_HOME: home.path,
      KTRDR_LOG_LEVEL: 'silent',
      USE_IB_HOST_SERVICE: 'true',
      IB_HOST_SERVICE_URL: `http://127.0.0.1:${port}`,
      IB_PORT: String(gateway.port),
    });
    ibHost = await startHost();
    const service: RunningService = resources.add(await startApi(settings, { port: 0, log: silentLogger }));
    const config = hostServiceConfig({ baseUrl: service.url, token: clientToken(settings) });
    api = resources.add(new OperationsClient('api', { config }));
  });

  afterEach(async () => {
    await resources[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  async function startHost(): Promise<KtrdrProcess> {
    const environment = { KTRDR_LOG_LEVEL: 'silent', IB_PORT: String(settings.ib.gateway.port) };
    const args = ['host', 'ib', '--port', String(port), '--home', home.path];
    const host = resources.add(new KtrdrProcess(args, environment));
    await host.until(/IB host service on/);
    return host;
  }

  async function state(id: string, isWanted: (operation: Operation) => boolean): Promise<Operation> {
    for await (const operation of api.follow(id, { token })) {
      if (isWanted(operation) || isTerminal(operation.status)) return operation;
    }
    return api.get(id, token);
  }

  it('goes on when the host is back', { timeout: 60_000 }, async () => {
    await api.start({ type: loadBars.type, input: load, id: 'load' }, token);
    await state('load', ({ progress }) => progress.done >= 2);
    ibHost.kill('SIGKILL');
    await ibHost.exit;
    ibHost = await startHost();
    const end = await state('load', () => false);
    expect(end).toMatchObject({ status: 'completed', attempt: 1 });
    expect(await api.result(loadBars, 'load', token)).toMatchObject({ coverage: { missing: 0 }, gaps: [] });
  });
});
