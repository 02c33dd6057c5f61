import { basename, join } from 'node:path';
import type { CancellationToken } from '../../../async/index.ts';
import { processSettings } from '../../../config/index.ts';
import { loadBars } from '../../../data/index.ts';
import { trainModel } from '../../../training/index.ts';
import { packageFile } from '../../package-file.ts';
import { Resources } from '../../serve.ts';
import type { CommandContext } from '../programs/command.ts';
import { runOperation } from '../run-operation.ts';
import { prepareHome } from './prepare-home.ts';
import { shellWord } from '../completion/shell-word.ts';
import { readStrategy } from './strategy-file.ts';
import { SupervisedProcess } from '../supervised-process.ts';
import { colours, terminal } from '../terminal.ts';
import { loadSummary } from './data.ts';
import { trainingSummary } from './models.ts';
import { dayMs } from '../../../market/index.ts';

const strategyPath = packageFile('examples', 'strategies', 'momentum-mlp.yaml');
const symbols = ['AAPL', 'MSFT'];
const loads = [
  { timeframe: '1d', days: 5 * 365 },
  { timeframe: '1h', days: 900 },
] as const;

interface DemoOptions {
  gatewayLatency: number;
}

/** The whole chain, once, through every real boundary: TCP to a gateway, HTTP to host services, threads, files. */
export async function demo(context: CommandContext, { gatewayLatency }: DemoOptions): Promise<void> {
  const { settings, token } = context;
  // Simulated bars must never mix with real ones.
  const home = join(settings.home, 'demo');
  prepareHome(home);
  const strategy = await readStrategy(strategyPath);
  terminal.print(`ktrdr demo: simulated market, real everything else. Data and logs go to ${home}`);
  {
    await using services = await startServices(home, { gatewayLatency, token });
    const own = { ...context, settings: await processSettings({ KTRDR_HOME: home, KTRDR_API_URL: services.apiUrl }) };
    await loadEverything(own);
    terminal.print();
    const input = { strategy, strategyName: basename(strategyPath) };
    const result = await runOperation(own, { contract: trainModel, input });
    terminal.print(trainingSummary(result));
    const { name, version } = result.model;
    terminal.print(`  model in ${join(home, 'models', name, version)}`);
  }
  terminal.print();
  terminal.print(nextSteps(home));
}

async function loadEverything(context: CommandContext): Promise<void> {
  const end = Math.floor(Date.now() / dayMs) * dayMs;
  for (const { timeframe, days } of loads) {
    for (const symbol of symbols) {
      const input = { symbol, timeframe, mode: 'full', start: end - days * dayMs, end } as const;
      terminal.print(loadSummary(await runOperation(context, { contract: loadBars, input })));
    }
  }
}

interface Services extends AsyncDisposable {
  apiUrl: string;
}

/** Four processes on ports that are free, each one ready before the next needs it. */
async function startServices(
  home: string,
  { gatewayLatency, token }: { gatewayLatency: number; token: CancellationToken },
): Promise<Services> {
  const resources = new Resources();
  const start = async (
    name: string,
    command: readonly string[],
    environment: Record<string, string> = {},
  ): Promise<string> => {
    const logFile = join(home, 'logs', `${name.toLowerCase().replaceAll(' ', '-')}.log`);
    const service = await SupervisedProcess.start({
      name,
      command,
      environment: { KTRDR_HOME: home, ...environment },
      logFile,
      token,
    });
    resources.add(service);
    terminal.print(colours.dim(`  ${name.padEnd(18)} ${service.url}`));
    return service.url;
  };
  try {
    const gateway = await start('Simulated gateway', [
      'gateway',
      'simulate',
      '--port',
      '0',
      '--latency',
      String(gatewayLatency),
    ]);
    const gatewayAddress = { IB_HOST: '127.0.0.1', IB_PORT: new URL(gateway).port };
    const ibHost = await start('IB host', ['host', 'ib', '--port', '0'], gatewayAddress);
    const trainingHost = await start('Training host', ['host', 'training', '--port', '0']);
    const apiUrl = await start('API', ['up', '--port', '0'], {
      USE_IB_HOST_SERVICE: 'true',
      IB_HOST_SERVICE_URL: ibHost,
      USE_TRAINING_HOST_SERVICE: 'true',
      TRAINING_HOST_SERVICE_URL: trainingHost,
    });
    return { apiUrl, [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose]() };
  } catch (error) {
    await resources[Symbol.asyncDispose]();
    throw error;
  }
}

function nextSteps(home: string): string {
  return [
    'Everything has been stopped. What to type next, to start it again and leave it running:',
    `  npx ktrdr up --simulate --home ${shellWord(home)}`,
    'Then, in another terminal:',
    `  export KTRDR_HOME=${shellWord(home)}`,
    '  npx ktrdr data show AAPL -t 1h       look at the bars',
    '  npx ktrdr data load EUR.USD -t 1h    load something else',
    '  npx ktrdr models list                look at the models',
    '  npx ktrdr --help                     see everything there is',
  ].join('\n');
}
