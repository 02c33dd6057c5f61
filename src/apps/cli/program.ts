import { Command } from 'commander';
import type { CancellationToken } from '../../async/index.ts';
import { processSettings, type Environment, type Settings } from '../../config/index.ts';
import type { SimulateOptions } from './commands/gateway.ts';
import type { ListOptions } from './commands/ops.ts';
import { version } from '../version.ts';
import { addDataCommands } from './data-program.ts';
import { interruptible } from './interruptible.ts';
import { addModelCommands } from './models-program.ts';
import {
  dateOption,
  filledOption,
  latencyOption,
  listOption,
  nameArgument,
  portOption,
  requestLatencyOption,
  shareOption,
  speedOption,
  wholeNumberBetween,
  wholeNumberOption,
} from './parse-options.ts';
import { addStrategyCommands } from './strategies-program.ts';

/** What every command is given. */
export interface CommandContext {
  readonly settings: Settings;
  readonly token: CancellationToken;
}

/** Wraps a client command: settings from flags and environment, signals to the token, the code to the process. */
export type ClientCommand = <A extends unknown[]>(
  act: (context: CommandContext, ...given: A) => Promise<number | void>,
) => (...given: A) => Promise<void>;

interface GlobalOptions {
  home?: string;
  api?: string;
}

/** The command tree. Each command's code is loaded when it runs. `setExitCode` hears of a code other than 0. */
export function createProgram(setExitCode: (code: number) => void): Command {
  const program = new Command('ktrdr')
    .description('Load market history, train neuro-fuzzy models on it, and watch every long job the same way.')
    .option(
      '--home <directory>',
      'where ktrdr keeps its data (default: $KTRDR_HOME or the XDG data directory)',
      filledOption,
    )
    .option('--api <url>', 'the API to talk to (default: $KTRDR_API_URL or http://127.0.0.1:8000/api/v1)', filledOption)
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(withoutLongWords(text)) })
    .showSuggestionAfterError();

  const client: ClientCommand =
    (act) =>
    (...given) =>
      interruptible(async (token, interruption) => {
        try {
          setExitCode((await act({ settings: settingsOf(program), token }, ...given)) ?? 0);
        } catch (error) {
          if (interruption.exitCode !== undefined) setExitCode(interruption.exitCode);
          throw error;
        }
        if (interruption.exitCode !== undefined) setExitCode(interruption.exitCode);
      });

  /** Wraps a command that stays up and handles signals itself. */
  const server =
    <A extends unknown[]>(act: (settings: Settings, ...given: A) => Promise<number>) =>
    async (...given: A): Promise<void> =>
      setExitCode(await act(settingsOf(program), ...given));

  program
    .command('demo')
    .description('run the whole chain once: simulated gateway, load, train; then stop everything')
    .option('--gateway-latency <ms>', 'how long the simulated gateway takes for one request', latencyOption, 150)
    .action(
      client(async (context, options: { gatewayLatency: number }) =>
        (await import('./commands/demo.ts')).demo(context, options),
      ),
    );

  program
    .command('up')
    .description('start the API, and the host services that the settings route to; stay up')
    .option('--port <port>', 'port of the API', portOption)
    .option('--simulate', 'start a simulated gateway too and load from it')
    .action(
      server(async (settings, options: { port?: number; simulate?: boolean }) =>
        (await import('./commands/up.ts')).up(settings, options),
      ),
    );

  addDataCommands(program, client);
  addStrategyCommands(program, client);
  addModelCommands(program, client);

  const ops = program.command('ops').description('operations: every long job, wherever it runs');
  ops
    .command('list')
    .description('list operations, newest first')
    .option('--status <list>', 'only these, for example running,failed', listOption)
    .option('--type <type>', 'only this type, for example load_bars', filledOption)
    .option('--parent <id>', 'only the children of this operation', filledOption)
    .option('-n, --limit <count>', 'at most so many', wholeNumberBetween(1, 1_000), 20)
    .option('--cursor <cursor>', 'go on where an earlier page ended', filledOption)
    .option('--json', 'print JSON')
    .action(
      client(async (context, options: ListOptions) => (await import('./commands/ops.ts')).list(context, options)),
    );
  ops
    .command('status')
    .argument('<id>', 'as "ktrdr ops list" shows it', nameArgument)
    .description('show one operation')
    .option('--json', 'print JSON')
    .action(
      client(async (context, id: string, options: { json?: boolean }) =>
        (await import('./commands/ops.ts')).status(context, id, options),
      ),
    );
  ops
    .command('follow')
    .argument('<id>', 'as "ktrdr ops list" shows it', nameArgument)
    .description('watch an operation until it ends; Ctrl-C stops watching and leaves it running')
    .action(client(async (context, id: string) => (await import('./commands/ops.ts')).follow(context, id)));
  ops
    .command('metrics')
    .argument('<id>', 'as "ktrdr ops list" shows it', nameArgument)
    .description('print the curves that an operation recorded, for example the losses of a training, as CSV')
    .option('--json', 'print JSON')
    .action(
      client(async (context, id: string, options: { json?: boolean }) =>
        (await import('./commands/ops.ts')).metrics(context, id, options),
      ),
    );
  ops
    .command('cancel')
    .argument('<id>', 'as "ktrdr ops list" shows it', nameArgument)
    .description('ask an operation to stop and wait until it has')
    .action(client(async (context, id: string) => (await import('./commands/ops.ts')).cancel(context, id)));
  ops
    .command('resume')
    .argument('<id>', 'as "ktrdr ops list" shows it', nameArgument)
    .description('go on from an operation that failed or was cancelled, as a new one')
    .action(client(async (context, id: string) => (await import('./commands/ops.ts')).resume(context, id)));

  const gateway = program.command('gateway').description('the Interactive Brokers gateway');
  gateway
    .command('simulate')
    .description('run a simulated gateway that speaks the TWS protocol')
    .option('--port <port>', 'port to listen on (default: $IB_PORT or 4002)', portOption)
    .option('--control-port <port>', 'also answer over HTTP: clock, faults, counters, messages', portOption)
    .option('--server-version <number>', 'highest version of the protocol', wholeNumberBetween(157, 200), 178)
    .option('--seed <number>', 'of the generated bars', wholeNumberOption, 1)
    .option('--instruments <file>', 'more instruments to generate, as YAML or JSON', filledOption)
    .option('--replay <directory>', 'serve the bars of CSV files named <SYMBOL>_<timeframe>*.csv')
    .option('--holes <share>', 'share of intraday bars that are missing, 0 to 1', shareOption, 0)
    .option('--without-permission <list>', 'symbols whose data is not subscribed to', listOption)
    .option(
      '--latency <time>',
      'how long one historical request takes: 150 (ms), 100..400, 200~0.5 (median and spread) or real',
      requestLatencyOption,
      0,
    )
    .option('--clock <time>', 'what time it is there at the start (UTC; default: now)', dateOption)
    .option('--speed <factor>', 'how many times as fast time passes there; 0 stands still', speedOption, 1)
    .option('--scenario <file>', 'what goes wrong, and when, as YAML or JSON', filledOption)
    .option('--log <file>', 'append every message to a file, one JSON object a line', filledOption)
    .option('--no-pacing', 'answer however fast requests come')
    .addHelpText('after', simulateExamples)
    .action(
      server(async (settings, options: SimulateOptions) =>
        (await import('./commands/gateway.ts')).simulate(settings, options),
      ),
    );

  const host = program.command('host').description('host services');
  host
    .command('ib')
    .description('run the IB host service')
    .option('--port <port>', 'port to listen on', portOption, 5001)
    .action(
      server(async (settings, options: { port: number }) =>
        (await import('./commands/host.ts')).ibHost(settings, options),
      ),
    );
  host
    .command('training')
    .description('run the training host service')
    .option('--port <port>', 'port to listen on', portOption, 5002)
    .action(
      server(async (settings, options: { port: number }) =>
        (await import('./commands/host.ts')).trainingHost(settings, options),
      ),
    );

  return program;
}

/** An argument that is no such thing is shown by its beginning. */
function withoutLongWords(text: string): string {
  return text.replace(/(["'])(.{60})[^"'\n]{20,}\1/g, '$1$2...$1');
}

function settingsOf(program: Command): Settings {
  const { home, api } = program.opts<GlobalOptions>();
  const overrides: Environment = {
    ...(home === undefined ? {} : { KTRDR_HOME: home }),
    ...(api === undefined ? {} : { KTRDR_API_URL: api }),
  };
  return processSettings(overrides);
}

const simulateExamples = `
Examples:
  ktrdr gateway simulate
  ktrdr gateway simulate --port 0 --latency real --holes 0.01
  ktrdr gateway simulate --clock 2020-03-01T00:00Z --speed 100 --scenario nightly-reset.yaml --log messages.ndjson
  ktrdr gateway simulate --control-port 5003 --no-pacing

Scenario files, faults and the control port: docs/gateway-simulator.md`;
