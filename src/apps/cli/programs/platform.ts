import type { Command } from 'commander';
import { latencyOption, portOption } from '../parse-options.ts';
import type { ClientCommand, ServerCommand } from './command.ts';

interface Wrappers {
  readonly client: ClientCommand;
  readonly server: ServerCommand;
}

/** The commands that start the platform itself. */
export function addPlatformCommands(program: Command, { client, server }: Wrappers): void {
  program
    .command('demo')
    .description('run the whole chain once: simulated gateway, load, train; then stop everything')
    .option('--gateway-latency <ms>', 'how long the simulated gateway takes for one request', latencyOption, 150)
    .action(
      client(async (context, options: { gatewayLatency: number }) =>
        (await import('../commands/demo.ts')).demo(context, options),
      ),
    );

  program
    .command('up')
    .description('start the API, and the host services that the settings route to; stay up')
    .option('--port <port>', 'port of the API', portOption)
    .option('--simulate', 'start a simulated gateway too and load from it')
    .action(
      server(async (settings, options: { port?: number; simulate?: boolean }) =>
        (await import('../commands/up.ts')).up(settings, options),
      ),
    );
}
