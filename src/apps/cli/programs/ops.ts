import type { Command } from 'commander';
import type { ListOptions } from '../commands/ops.ts';
import { filledOption, listOption, nameArgument, wholeNumberBetween } from '../parse-options.ts';
import type { ClientCommand } from './command.ts';

/** The commands for operations. */
export function addOpsCommands(program: Command, client: ClientCommand): void {
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
      client(async (context, options: ListOptions) => (await import('../commands/ops.ts')).list(context, options)),
    );
  ops
    .command('status')
    .argument('<id>', 'as "ktrdr ops list" shows it', nameArgument)
    .description('show one operation')
    .option('--json', 'print JSON')
    .action(
      client(async (context, id: string, options: { json?: boolean }) =>
        (await import('../commands/ops.ts')).status(context, id, options),
      ),
    );
  ops
    .command('follow')
    .argument('<id>', 'as "ktrdr ops list" shows it', nameArgument)
    .description('watch an operation until it ends; Ctrl-C stops watching and leaves it running')
    .action(client(async (context, id: string) => (await import('../commands/ops.ts')).follow(context, id)));
  ops
    .command('metrics')
    .argument('<id>', 'as "ktrdr ops list" shows it', nameArgument)
    .description('print the curves that an operation recorded, for example the losses of a training, as CSV')
    .option('--json', 'print JSON')
    .action(
      client(async (context, id: string, options: { json?: boolean }) =>
        (await import('../commands/ops.ts')).metrics(context, id, options),
      ),
    );
  ops
    .command('cancel')
    .argument('<id>', 'as "ktrdr ops list" shows it', nameArgument)
    .description('ask an operation to stop and wait until it has')
    .action(client(async (context, id: string) => (await import('../commands/ops.ts')).cancel(context, id)));
  ops
    .command('resume')
    .argument('<id>', 'as "ktrdr ops list" shows it', nameArgument)
    .description('go on from an operation that failed or was cancelled, as a new one')
    .action(client(async (context, id: string) => (await import('../commands/ops.ts')).resume(context, id)));
}
