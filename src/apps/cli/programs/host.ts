import type { Command } from 'commander';
import { portOption } from '../parse-options.ts';
import type { ServerCommand } from './command.ts';

/** The commands that run a host service by itself. */
export function addHostCommands(program: Command, server: ServerCommand): void {
  const host = program.command('host').description('host services');
  host
    .command('ib')
    .description('run the IB host service')
    .option('--port <port>', 'port to listen on', portOption, 5001)
    .action(
      server(async (settings, options: { port: number }) =>
        (await import('../commands/host.ts')).ibHost(settings, options),
      ),
    );
  host
    .command('training')
    .description('run the training host service')
    .option('--port <port>', 'port to listen on', portOption, 5002)
    .action(
      server(async (settings, options: { port: number }) =>
        (await import('../commands/host.ts')).trainingHost(settings, options),
      ),
    );
}
