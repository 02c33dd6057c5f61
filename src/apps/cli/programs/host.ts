import type { CliCommand } from '../cli-command.ts';
import type { HostOptions } from '../commands/host.ts';
import type { Wrappers } from './command.ts';
import { port, withJson } from './shared-options.ts';

/** The commands that run a host service by itself. */
export function addHostCommands(host: CliCommand, { server }: Wrappers): void {
  host.examples('ktrdr host training', 'ktrdr host ib --port 5001');
  withJson(host.command('ib').description('run the IB host service; stay up').addOption(port().default(5001)))
    .examples('ktrdr host ib', 'IB_HOST=gateway.lan IB_PORT=4001 ktrdr host ib')
    .action(
      server(async (settings, options: HostOptions) => (await import('../commands/host.ts')).ibHost(settings, options)),
    );
  withJson(
    host.command('training').description('run the training host service; stay up').addOption(port().default(5002)),
  )
    .examples('ktrdr host training', 'ktrdr host training --port 0 --json')
    .action(
      server(async (settings, options: HostOptions) =>
        (await import('../commands/host.ts')).trainingHost(settings, options),
      ),
    );
}
