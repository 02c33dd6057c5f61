import { join } from 'node:path';
import { CancellationToken } from '../../../async/index.ts';
import type { Logger } from '../../../base/index.ts';
import type { Settings } from '../../../config/index.ts';
import { hostServiceConfig, OperationsClient } from '../../../service/index.ts';
import { startApi } from '../../api.ts';
import { createLogger } from '../../create-logger.ts';
import { Resources, serve, type RunningService } from '../../serve.ts';
import { SupervisedProcess } from '../supervised-process.ts';
import { terminal } from '../terminal.ts';

interface UpOptions {
  port?: number;
  simulate?: boolean;
}

/** The API in this process, what the settings route to host services in processes below it. */
export function up(settings: Settings, { port = settings.api.port, simulate = false }: UpOptions): Promise<number> {
  const log = createLogger('api', settings.logLevel);
  return serve(() => startEverything(settings, { port, simulate, log }), {
    log,
    announce: (url) => {
      terminal.print(`ktrdr API on ${url}, data in ${settings.home}. Ctrl-C stops everything.`);
      terminal.print(`Try, in another terminal: ktrdr data load AAPL -t 1h --api ${url}`);
    },
  });
}

async function startEverything(
  settings: Settings,
  { port, simulate, log }: { port: number; simulate: boolean; log: Logger },
): Promise<RunningService> {
  const resources = new Resources();
  try {
    const routed = simulate ? await withSimulatedGateway(settings, resources) : settings;
    await startRoutedHosts(routed, resources);
    const api = resources.add(await startApi(routed, { port, log }));
    return { url: api.url, [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose]() };
  } catch (error) {
    await resources[Symbol.asyncDispose]();
    throw error;
  }
}

async function withSimulatedGateway(settings: Settings, resources: Resources): Promise<Settings> {
  const gateway = resources.add(
    await startPart(settings, { name: 'simulated gateway', command: ['gateway', 'simulate', '--port', '0'] }),
  );
  terminal.print(`Simulated gateway on ${gateway.url}`);
  const port = Number(new URL(gateway.url).port);
  return { ...settings, ib: { ...settings.ib, gateway: { ...settings.ib.gateway, host: '127.0.0.1', port } } };
}

/** A host that the settings name on this machine and that nobody has started yet is started here. */
async function startRoutedHosts(settings: Settings, resources: Resources): Promise<void> {
  const hosts = [
    { name: 'IB host', used: settings.ib.useHostService, url: settings.ib.hostServiceUrl, command: ['host', 'ib'] },
    {
      name: 'training host',
      used: settings.training.useHostService,
      url: settings.training.hostServiceUrl,
      command: ['host', 'training'],
    },
  ];
  for (const { name, used, url, command } of hosts) {
    if (!used) continue;
    const { hostname, port } = new URL(url);
    const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
    if (isLocal && !(await answers(url))) {
      resources.add(await startPart(settings, { name, command: [...command, '--port', port === '' ? '80' : port] }));
    }
    terminal.print(`${name} on ${url}`);
  }
}

function startPart(
  settings: Settings,
  { name, command }: { name: string; command: readonly string[] },
): Promise<SupervisedProcess> {
  return SupervisedProcess.start({
    name,
    command,
    environment: {
      KTRDR_HOME: settings.home,
      IB_HOST: settings.ib.gateway.host,
      IB_PORT: String(settings.ib.gateway.port),
      KTRDR_LOG_LEVEL: settings.logLevel,
    },
    logFile: join(settings.home, 'logs', `${name.toLowerCase().replaceAll(' ', '-')}.log`),
    token: CancellationToken.none,
  });
}

async function answers(url: string): Promise<boolean> {
  await using client = new OperationsClient('host', {
    config: hostServiceConfig({ baseUrl: url, retries: 0, timeoutMs: 1_000 }),
  });
  try {
    await client.health(CancellationToken.none);
    return true;
  } catch {
    return false;
  }
}
