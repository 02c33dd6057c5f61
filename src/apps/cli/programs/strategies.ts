import { Option } from 'commander';
import type { CliCommand } from '../cli-command.ts';
import type { FeaturesOptions } from '../commands/strategies.ts';
import type { MigrateOptions, NewOptions, SchemaOptions } from '../commands/strategies-files.ts';
import { filledOption } from './filled-option.ts';
import { filledArguments, nameArgument, schemaFormatOption, schemaFormats } from './parse-options.ts';
import type { ClientCommand, Wrappers } from './command.ts';
import { output, timeframesOfStrategy, withJson, type JsonOption } from './shared-options.ts';

/** The commands for strategy files; they need no API. Each command's code is loaded when it runs. */
export function addStrategyCommands(strategies: CliCommand, { client }: Wrappers): void {
  strategies
    .examples('ktrdr strategies new momentum', 'ktrdr strategies validate momentum.yaml')
    .commandsGroup('To look:');
  addLooking(strategies, client);
  strategies.commandsGroup('To write:');
  addWriting(strategies, client);
}

const fileWords = 'a strategy file (YAML)';

function addLooking(strategies: CliCommand, client: ClientCommand): void {
  withJson(
    strategies
      .command('validate')
      .argument('<files...>', 'strategy files (YAML)', filledArguments)
      .description('check strategy files and show everything that is wrong, as file:line:column: sentence'),
  )
    .examples('ktrdr strategies validate momentum.yaml', 'ktrdr strategies validate strategies/*.yaml --json')
    .action(
      client(async (_, files: string[], options: JsonOption) =>
        (await import('../commands/strategies.ts')).validate(files, options),
      ),
    );
  withJson(
    strategies
      .command('list')
      .argument('[directory]', 'where to look', filledOption, '.')
      .description('list the strategy files of a directory'),
  )
    .examples('ktrdr strategies list', 'ktrdr strategies list strategies/')
    .action(
      client(async (_, directory: string, options: JsonOption) =>
        (await import('../commands/strategies.ts')).list(directory, options),
      ),
    );
  withJson(
    strategies
      .command('show')
      .argument('<file>', fileWords, filledOption)
      .description('show what a strategy does, with everything that it leaves to usual values'),
  )
    .examples('ktrdr strategies show momentum.yaml')
    .action(
      client(async (_, file: string, options: JsonOption) =>
        (await import('../commands/strategies.ts')).show(file, options),
      ),
    );
  withJson(
    strategies
      .command('features')
      .argument('<file>', fileWords, filledOption)
      .description('list the inputs of the network, in the order that models keep')
      .addOption(timeframesOfStrategy()),
  )
    .examples('ktrdr strategies features momentum.yaml', 'ktrdr strategies features momentum.yaml --timeframes 1h,1d')
    .action(
      client(async (_, file: string, options: FeaturesOptions) =>
        (await import('../commands/strategies.ts')).features(file, options),
      ),
    );
}

function addWriting(strategies: CliCommand, client: ClientCommand): void {
  withJson(
    strategies
      .command('new')
      .argument('<name>', 'of the strategy, and of its models', nameArgument)
      .description('write a strategy file to begin with, complete and commented')
      .option('--from <template>', 'which one to begin with; an unknown name lists them', filledOption, 'momentum-mlp')
      .addOption(output('NAME.yaml')),
  )
    .examples('ktrdr strategies new momentum', 'ktrdr strategies new turns -o strategies/turns.yaml')
    .action(
      client(async (_, name: string, options: NewOptions) =>
        (await import('../commands/strategies-files.ts')).create(name, options),
      ),
    );
  withJson(
    strategies
      .command('migrate')
      .argument('<file>', 'a strategy file of grammar 1.0 or 2.0', filledOption)
      .description('write a strategy of an older grammar as a new file of grammar 3.0')
      .addOption(output('FILE with .v3 before its ending')),
  )
    .examples('ktrdr strategies migrate old.yaml', 'ktrdr strategies migrate old.yaml -o new.yaml')
    .action(
      client(async (_, file: string, options: MigrateOptions) =>
        (await import('../commands/strategies-files.ts')).migrate(file, options),
      ),
    );
  strategies
    .command('schema')
    .description('print the grammar: a JSON Schema for editors, or tables of all keys and indicators')
    .addOption(
      new Option('--format <format>', 'the format')
        .choices(schemaFormats)
        .argParser(schemaFormatOption)
        .default('json'),
    )
    .examples('ktrdr strategies schema > strategy.schema.json', 'ktrdr strategies schema --format markdown')
    .action(
      client(async (_, options: SchemaOptions) => (await import('../commands/strategies-files.ts')).schema(options)),
    );
}
