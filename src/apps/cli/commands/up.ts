import { join } from 'node:path';
import type { CancellationToken } from '../../../async/index.ts';
import type { Logger } from '../../../base/index.ts';
import { processSettings, type Settings } from '../../../config/index.ts';
import { hostServiceConfig, OperationsClient } from '../../../service/index.ts';
import { startApi } from '../../api.ts';
import { createLogger } from '../../create-logger.ts';
import { Resources, serve, type RunningService } from '../../serve.ts';
import { prepareHome } from '../prepare-home.ts';
import { shellWord } from '../shell-word.ts';
import { SupervisedProcess } from '../supervised-process.ts';
import { colours, terminal } from '../terminal.ts';

interface UpOptions {
  port?: number;
  simulate?: boolean;
}

/** The API in this process, what the settings route to host services in processes below it. */
export async function up(
  settings: Settings,
  { port = settings.api.port, simulate = false }: UpOptions,
): Promise<number> {
  const log = createLogger('api', settings.logLevel);
  prepareHome(settings.home);
  const usual = await processSettings();
  return serve((token) => startEverything(settings, { port, simulate, log, token }), {
    log,
    announce: (url) => {
      terminal.print(`ktrdr API on ${url}, data in ${settings.home}. Ctrl-C stops everything.`);
      const home = settings.home === usual.home ? '' : ` --home ${shellWord(settings.home)}`;
      const api = url === settings.api.url ? '' : ` --api ${url}`;
      terminal.print(`Try, in another terminal: npx ktrdr data load AAPL -t 1h${home}${api}`);
    },
  });
}

async function startEverything(
  settings: Settings,
  { port, simulate, log, token }: { port: number; simulate: boolean; log: Logger; token: CancellationToken },
): Promise<RunningService> {
  const resources = new Resources();
  try {
    const routed = simulate ? await withSimulatedGateway(settings, { resources, token }) : settings;
    await startRoutedHosts(routed, { resources, token });
    token.throwIfCancelled('the start of the API');
    const api = resources.add(await startApi(routed, { port, log }));
    return { url: api.url, [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose]() };
  } catch (error) {
    await resources[Symbol.asyncDispose]();
    throw error;
  }
}

interface Starting {
  resources: Resources;
  token: CancellationToken;
}

async function withSimulatedGateway(settings: Settings, { resources, token }: Starting): Promise<Settings> {
  const gateway = resources.add(
    await startPart(settings, { name: 'simulated gateway', command: ['gateway', 'simulate', '--port', '0'], token }),
  );
  terminal.print(`Simulated gateway on ${gateway.url}`);
  const port = Number(new URL(gateway.url).port);
  return { ...settings, ib: { ...settings.ib, gateway: { ...settings.ib.gateway, host: '127.0.0.1', port } } };
}

/** A host that the settings name on this machine and that nobody has started yet is started here. */
async function startRoutedHosts(settings: Settings, { resources, token }: Starting): Promise<void> {
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
    if (isLocal && !(await answers(url, token))) {
      const onThisPort = [...command, '--port', port === '' ? '80' : port];
      resources.add(await startPart(settings, { name, command: onThisPort, token }));
    }
    terminal.print(`${name} on ${url}`);
  }
}

function startPart(
  settings: Settings,
  { name, command, token }: { name: string; command: readonly string[]; token: CancellationToken },
): Promise<SupervisedProcess> {
  return SupervisedProcess.start({
    name,
    command,
    environment: {
      ...settings.variables,
      IB_HOST: settings.ib.gateway.host,
      IB_PORT: String(settings.ib.gateway.port),
    },
    logFile: join(settings.state, 'logs', `${name.toLowerCase().replaceAll(' ', '-')}.log`),
    token,
    onLost: (sentence) =>
      terminal.note(`${colours.yellow('warning:')} ${sentence} Start "ktrdr up" anew to have it again.`),
  });
}

async function answers(url: string, token: CancellationToken): Promise<boolean> {
  await using client = new OperationsClient('host', {
    config: hostServiceConfig({ baseUrl: url, retries: 0, timeoutMs: 1_000 }),
  });
  try {
    await client.health(token);
    return true;
  } catch {
    token.throwIfCancelled(`the look for a host at ${url}`);
    return false;
  }
}
