import type { CliCommand } from '../cli-command.ts';
import type { UpOptions } from '../commands/up.ts';
import { latencyOption } from '../parse-options.ts';
import type { ClientCommand, ServerCommand, SettingsCommand } from './command.ts';
import { port, withJson, type JsonOption } from './shared-options.ts';

interface Wrappers {
  readonly client: ClientCommand;
  readonly server: ServerCommand;
  readonly settings: SettingsCommand;
}

/** The commands that start the platform itself, and the one that says whether it can be. */
export function addPlatformCommands(program: CliCommand, { client, server, settings }: Wrappers): void {
  program
    .command('demo')
    .description('run the whole chain once: simulated gateway, load, train; then stop everything')
    .option('--gateway-latency <ms>', 'how long the simulated gateway takes for one request', latencyOption, 150)
    .examples('ktrdr demo', 'ktrdr demo --home /tmp/ktrdr-demo')
    .action(
      client(async (context, options: { gatewayLatency: number }) =>
        (await import('../commands/demo.ts')).demo(context, options),
      ),
    );

  withJson(
    program
      .command('up')
      .description('start the API, and the host services that the settings route to; stay up')
      .addOption(port('$KTRDR_API_PORT or 8000'))
      .option('--simulate', 'start a simulated gateway too and load from it'),
  )
    .examples('ktrdr up', 'ktrdr up --simulate', 'USE_TRAINING_HOST_SERVICE=true ktrdr up')
    .action(server(async (settings, options: UpOptions) => (await import('../commands/up.ts')).up(settings, options)));

  withJson(
    program
      .command('doctor')
      .description('look at everything that ktrdr needs, from Node to the gateway, and say what to do'),
  )
    .examples('ktrdr doctor', 'ktrdr doctor --json')
    .action(
      settings(async (flags, options: JsonOption) => (await import('../commands/doctor.ts')).doctor(flags, options)),
    );
}
