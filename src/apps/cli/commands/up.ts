import { join } from 'node:path';
import type { CancellationToken } from '../../../async/index.ts';
import type { Logger } from '../../../base/index.ts';
import { processSettings, type Settings } from '../../../config/index.ts';
import { refuseOwned } from '../../../operations/index.ts';
import { startApi } from '../../api.ts';
import { createLogger } from '../create-logger.ts';
import { refuseTakenPort } from '../../refuse-taken-port.ts';
import { Resources, serve, type RunningService } from '../../serve.ts';
import { healthAt } from '../../who-answers.ts';
import { prepareHome } from './prepare-home.ts';
import { shellWord } from '../completion/shell-word.ts';
import { SupervisedProcess } from '../supervised-process.ts';
import { colours, printJson, terminal } from '../terminal.ts';

export interface UpOptions {
  port?: number;
  simulate?: boolean;
  json?: boolean;
}

/** A service that was started, or found, beside the API. */
interface Part {
  readonly name: string;
  readonly url: string;
}

/** The API in this process, what the settings route to host services in processes below it. */
export async function up(
  settings: Settings,
  { port = settings.api.port, simulate = false, json = false }: UpOptions,
): Promise<number> {
  const log = createLogger('api', settings.logLevel);
  refuseOwned(settings.home, 'choose another --home');
  await refuseTakenPort(port, { hostname: settings.api.host });
  prepareHome(settings.home);
  const usual = await processSettings();
  const parts: Part[] = [];
  const onPart = (part: Part): void => {
    parts.push(part);
    if (!json) terminal.print(`${part.name} on ${part.url}`);
  };
  return serve((token) => startEverything(settings, { port, simulate, log, token, onPart }), {
    log,
    announce: (url) => {
      if (json) {
        printJson('ktrdr.up/1', { url, home: settings.home, pid: process.pid, services: parts });
        return;
      }
      terminal.print(`ktrdr API on ${url}, data in ${settings.home}. Ctrl-C stops everything.`);
      const home = settings.home === usual.home ? '' : ` --home ${shellWord(settings.home)}`;
      const api = url === settings.api.url ? '' : ` --api ${url}`;
      terminal.print(`Try, in another terminal: npx ktrdr data load AAPL -t 1h${home}${api}`);
    },
  });
}

interface Starting {
  readonly token: CancellationToken;
  readonly onPart: (part: Part) => void;
}

async function startEverything(
  settings: Settings,
  { port, simulate, log, token, onPart }: Starting & { port: number; simulate: boolean; log: Logger },
): Promise<RunningService> {
  const resources = new Resources();
  try {
    const routed = simulate ? await withSimulatedGateway(settings, { resources, token, onPart }) : settings;
    await startRoutedHosts(routed, { resources, token, onPart });
    token.throwIfCancelled('the start of the API');
    const api = resources.add(await startApi(routed, { port, log }));
    return { url: api.url, [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose]() };
  } catch (error) {
    await resources[Symbol.asyncDispose]();
    throw error;
  }
}

interface StartingParts extends Starting {
  readonly resources: Resources;
}

async function withSimulatedGateway(
  settings: Settings,
  { resources, token, onPart }: StartingParts,
): Promise<Settings> {
  const gateway = resources.add(
    await startPart(settings, { name: 'simulated gateway', command: ['gateway', 'simulate', '--port', '0'], token }),
  );
  onPart({ name: 'Simulated gateway', url: gateway.url });
  const port = Number(new URL(gateway.url).port);
  return { ...settings, ib: { ...settings.ib, gateway: { ...settings.ib.gateway, host: '127.0.0.1', port } } };
}

/** A host that the settings name on this machine and that nobody has started yet is started here. */
async function startRoutedHosts(settings: Settings, { resources, token, onPart }: StartingParts): Promise<void> {
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
    if (isLocal && (await healthAt(url, token)) === undefined) {
      const onThisPort = [...command, '--port', port === '' ? '80' : port];
      resources.add(await startPart(settings, { name, command: onThisPort, token }));
    }
    onPart({ name, url });
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
