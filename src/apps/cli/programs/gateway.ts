import type { CliCommand } from '../cli-command.ts';
import type { SimulateOptions } from '../commands/gateway.ts';
import { filledOption } from './filled-option.ts';
import {
  dateOption,
  listOption,
  portOption,
  requestLatencyOption,
  shareOption,
  speedOption,
  wholeNumberBetween,
  wholeNumberOption,
} from './parse-options.ts';
import type { Wrappers } from './command.ts';
import { port, withJson, type JsonOption } from './shared-options.ts';

/** The commands for the gateway. */
export function addGatewayCommands(gateway: CliCommand, { client, server }: Wrappers): void {
  gateway.examples('ktrdr gateway status', 'ktrdr gateway simulate');
  withJson(gateway.command('status').description('show whether the gateway can be reached and asked for data'))
    .examples('ktrdr gateway status', 'IB_PORT=7497 ktrdr gateway status --json')
    .action(
      client(async (context, options: JsonOption) =>
        (await import('../commands/gateway-status.ts')).status(context, options),
      ),
    );
  withJson(
    gateway
      .command('simulate')
      .description('run a simulated gateway that speaks the TWS protocol; stay up')
      .addOption(port('$IB_PORT or 4002'))
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
      .option('--no-pacing', 'do not enforce the rules on pace'),
  )
    .examples(
      'ktrdr gateway simulate',
      'ktrdr gateway simulate --port 0 --latency real --holes 0.01',
      'ktrdr gateway simulate --clock 2020-03-01T00:00Z --speed 100 --scenario nightly-reset.yaml --log messages.ndjson',
      'ktrdr gateway simulate --control-port 5003 --no-pacing',
    )
    .addHelpText('after', '\nScenario files, faults and the control port: docs/gateway-simulator.md')
    .action(
      server(async (settings, options: SimulateOptions) =>
        (await import('../commands/gateway.ts')).simulate(settings, options),
      ),
    );
}
