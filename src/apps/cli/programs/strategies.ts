import type { Command } from 'commander';
import type { FeaturesOptions } from '../commands/strategies.ts';
import type { MigrateOptions, NewOptions, SchemaOptions } from '../commands/strategies-files.ts';
import { filledOption, nameArgument, schemaFormatOption, timeframeListOption } from '../parse-options.ts';
import type { ClientCommand } from './command.ts';

/** The commands for strategy files; they need no API. Each command's code is loaded when it runs. */
export function addStrategyCommands(program: Command, client: ClientCommand): void {
  const strategies = program
    .command('strategies')
    .description('strategy files: what a model learns, from what, and how');
  addLookingCommands(strategies, client);
  addWritingCommands(strategies, client);
}

interface JsonOption {
  json?: boolean;
}

const fileWords = 'a strategy file (YAML)';

function addLookingCommands(strategies: Command, client: ClientCommand): void {
  strategies
    .command('validate')
    .argument('<files...>', 'strategy files (YAML)', filledArguments)
    .description('check strategy files and show everything that is wrong, as file:line:column: sentence')
    .option('--json', 'print JSON')
    .action(
      client(async (_, files: string[], options: JsonOption) =>
        (await import('../commands/strategies.ts')).validate(files, options),
      ),
    );
  strategies
    .command('list')
    .argument('[directory]', 'where to look', filledOption, '.')
    .description('list the strategy files of a directory')
    .option('--json', 'print JSON')
    .action(
      client(async (_, directory: string, options: JsonOption) =>
        (await import('../commands/strategies.ts')).list(directory, options),
      ),
    );
  strategies
    .command('show')
    .argument('<file>', fileWords, filledOption)
    .description('show what a strategy does, with everything that it leaves to usual values')
    .option('--json', 'print JSON')
    .action(
      client(async (_, file: string, options: JsonOption) =>
        (await import('../commands/strategies.ts')).show(file, options),
      ),
    );
  strategies
    .command('features')
    .argument('<file>', fileWords, filledOption)
    .description('list the inputs of the network, in the order that models keep')
    .option('--timeframes <list>', 'instead of those in the strategy, for example 1h,1d', timeframeListOption)
    .option('--json', 'print JSON')
    .action(
      client(async (_, file: string, options: FeaturesOptions) =>
        (await import('../commands/strategies.ts')).features(file, options),
      ),
    );
}

function addWritingCommands(strategies: Command, client: ClientCommand): void {
  strategies
    .command('new')
    .argument('<name>', 'of the strategy, and of its models', nameArgument)
    .description('write a strategy file to begin with, complete and commented')
    .option('--from <template>', 'which one to begin with; an unknown name lists them', filledOption, 'momentum-mlp')
    .option('-o, --output <file>', 'where to write it (default: NAME.yaml)', filledOption)
    .action(
      client(async (_, name: string, options: NewOptions) =>
        (await import('../commands/strategies-files.ts')).create(name, options),
      ),
    );
  strategies
    .command('migrate')
    .argument('<file>', 'a strategy file of grammar 1.0 or 2.0', filledOption)
    .description('write a strategy of an older grammar as a new file of grammar 3.0')
    .option('-o, --output <file>', 'where to write it (default: FILE with .v3 before its ending)', filledOption)
    .action(
      client(async (_, file: string, options: MigrateOptions) =>
        (await import('../commands/strategies-files.ts')).migrate(file, options),
      ),
    );
  strategies
    .command('schema')
    .description('print the grammar: a JSON Schema for editors, or tables of all keys and indicators')
    .option('-f, --format <format>', 'json or markdown', schemaFormatOption, 'json')
    .action(
      client(async (_, options: SchemaOptions) => (await import('../commands/strategies-files.ts')).schema(options)),
    );
}

function filledArguments(text: string, before: string[] = []): string[] {
  return [...before, filledOption(text)];
}
