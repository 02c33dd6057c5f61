import type { Option } from 'commander';
import { operationStatuses } from '../../../operations/index.ts';
import type { CliCommand } from '../cli-command.ts';
import type { ListOptions } from '../commands/ops.ts';
import type { AgainOptions, FollowOptions } from '../commands/ops-following.ts';
import type { LogsOptions } from '../commands/ops-logs.ts';
import { filledOption } from './filled-option.ts';
import { ListOption } from './list-option.ts';
import { nameArgument, statusesOption } from './parse-options.ts';
import type { ClientCommand, Wrappers } from './command.ts';
import { follow, limit, withEvents, withJson, type JsonOption } from './shared-options.ts';

/** The commands for operations. */
export function addOpsCommands(ops: CliCommand, { client }: Wrappers): void {
  ops
    .examples('ktrdr ops list --status running,failed', 'ktrdr ops follow op_train_model_20240308_143000_1a2b3c4d')
    .commandsGroup('To look:');
  addLooking(ops, client);
  ops.commandsGroup('To act:');
  addActing(ops, client);
}

/** A command on one operation. */
function ofOperation(ops: CliCommand, name: string, description: string): CliCommand {
  return ops.command(name).argument('<id>', 'as "ktrdr ops list" shows it', nameArgument).description(description);
}

function addLooking(ops: CliCommand, client: ClientCommand): void {
  withJson(
    ops
      .command('list')
      .description('list operations, newest first')
      .addOption(
        new ListOption('--status <list>', 'only these, with commas between them')
          .choices(operationStatuses)
          .argParser(statusesOption),
      )
      .option('--type <type>', 'only this type, for example load_bars', filledOption)
      .option('--parent <id>', 'only the children of this operation', filledOption)
      .addOption(limit(1_000).default(20))
      .option('--cursor <cursor>', 'continue where an earlier page ended', filledOption),
  )
    .examples('ktrdr ops list', 'ktrdr ops list --status running --json', 'ktrdr ops list --type train_model -n 5')
    .action(
      client(async (context, options: ListOptions) => (await import('../commands/ops.ts')).list(context, options)),
    );
  withJson(ofOperation(ops, 'status', 'show one operation'))
    .examples('ktrdr ops status op_train_model_20240308_143000_1a2b3c4d')
    .action(
      client(async (context, id: string, options: JsonOption) =>
        (await import('../commands/ops.ts')).status(context, id, options),
      ),
    );
  withEvents(
    ofOperation(ops, 'follow', 'watch an operation until it ends; Ctrl-C stops watching and leaves it running'),
  )
    .examples(
      'ktrdr ops follow op_train_model_20240308_143000_1a2b3c4d',
      'ktrdr ops follow op_train_model_20240308_143000_1a2b3c4d && echo done',
    )
    .action(
      client(async (context, id: string, options: FollowOptions) =>
        (await import('../commands/ops-following.ts')).follow(context, id, options),
      ),
    );
  withJson(
    ofOperation(ops, 'logs', 'print the log of an operation and its work; with -n only its newest lines')
      .addOption(follow('keep printing new lines until the operation ends; Ctrl-C stops that and leaves it running'))
      .addOption(limit(1_000)),
  )
    .option('--ndjson', 'print each line as a JSON object')
    .examples(
      'ktrdr ops logs op_train_model_20240308_143000_1a2b3c4d',
      'ktrdr ops logs op_train_model_20240308_143000_1a2b3c4d --follow -n 20',
    )
    .action(
      client(async (context, id: string, options: LogsOptions) =>
        (await import('../commands/ops-logs.ts')).logs(context, id, options),
      ),
    );
  withJson(
    ofOperation(
      ops,
      'metrics',
      'print the curves that an operation recorded, for example the losses of a training, as CSV',
    ),
  )
    .examples('ktrdr ops metrics op_train_model_20240308_143000_1a2b3c4d > losses.csv')
    .action(
      client(async (context, id: string, options: JsonOption) =>
        (await import('../commands/ops.ts')).metrics(context, id, options),
      ),
    );
}

function addActing(ops: CliCommand, client: ClientCommand): void {
  withJson(ofOperation(ops, 'cancel', 'ask an operation to stop and wait until it has'))
    .examples('ktrdr ops cancel op_train_model_20240308_143000_1a2b3c4d')
    .action(
      client(async (context, id: string, options: JsonOption) =>
        (await import('../commands/ops-following.ts')).cancel(context, id, options),
      ),
    );
  withEvents(
    ofOperation(ops, 'resume', 'continue an operation that failed or was cancelled, as a new one').addOption(
      followNew(),
    ),
  )
    .examples('ktrdr ops resume op_train_model_20240308_143000_1a2b3c4d --follow')
    .action(
      client(async (context, id: string, options: AgainOptions) =>
        (await import('../commands/ops-following.ts')).resume(context, id, options),
      ),
    );
  withEvents(
    ofOperation(ops, 'retry', 'run an ended operation again from the beginning, as a new one').addOption(followNew()),
  )
    .examples('ktrdr ops retry op_train_model_20240308_143000_1a2b3c4d --follow')
    .action(
      client(async (context, id: string, options: AgainOptions) =>
        (await import('../commands/ops-following.ts')).retry(context, id, options),
      ),
    );
}

const followNew = (): Option => follow('watch the new one until it ends; Ctrl-C cancels it');
