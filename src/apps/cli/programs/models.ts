import { Option, type Command } from 'commander';
import { timeframes } from '../../../market/index.ts';
import type { TrainOptions } from '../commands/models.ts';
import type { ExplainOptions, PredictOptions } from '../commands/models-applying.ts';
import type { DeleteOptions, ExportOptions } from '../commands/models-files.ts';
import {
  dateOption,
  durationOption,
  filledOption,
  listOption,
  modelArgument,
  modelFormatOption,
  modelFormats,
  nameArgument,
  predictionFormatOption,
  seedOption,
  timeframeListOption,
  timeframeOption,
  wholeNumberBetween,
  type ModelReference,
} from '../parse-options.ts';
import type { ClientCommand } from './command.ts';

/** The commands for models. Each command's code is loaded when it runs. */
export function addModelCommands(program: Command, client: ClientCommand): void {
  const models = program.command('models').description('neuro-fuzzy models');
  addTraining(models, client);
  addLooking(models, client);
  addApplying(models, client);
  addFiles(models, client);
}

interface JsonOption {
  json?: boolean;
}

const modelWords = 'NAME for its newest version, or NAME@VERSION, for example momentum@v2';
const symbolWords = 'a symbol whose bars are stored';
const timeframeWords = `for a model of one timeframe: another one to put it on, of ${timeframes.join(', ')}`;

function addTraining(models: Command, client: ClientCommand): void {
  models
    .command('train')
    .argument('<strategy>', 'a strategy file (YAML)', filledOption)
    .description('train a model from a strategy file')
    .option('--symbols <list>', 'instead of those in the strategy, for example AAPL,MSFT', listOption)
    .option('--timeframes <list>', 'instead of those in the strategy, for example 1h,1d', timeframeListOption)
    .option('--start <date>', 'first day or instant to train on (UTC)', dateOption)
    .option('--end <date>', 'end of the span, exclusive (UTC)', dateOption)
    .option('--seed <number>', 'instead of the one in the strategy', seedOption)
    .option('--deadline <duration>', 'cancel it by itself after this time, for example 90s or 2h', durationOption)
    .option('--json', 'print the result as JSON')
    .action(
      client(async (context, path: string, options: TrainOptions) =>
        (await import('../commands/models.ts')).train(context, path, options),
      ),
    );
}

function addLooking(models: Command, client: ClientCommand): void {
  models
    .command('list')
    .description('list trained models')
    .option('--json', 'print JSON')
    .action(
      client(async (context, options: JsonOption) => (await import('../commands/models.ts')).list(context, options)),
    );
  models
    .command('show')
    .argument('<model>', modelWords, modelArgument)
    .description('show a model: what it is worth, what it was made from, its inputs')
    .option('--json', 'print all that is known of it as JSON')
    .action(
      client(async (context, model: ModelReference, options: JsonOption) =>
        (await import('../commands/models-looking.ts')).show(context, model, options),
      ),
    );
  models
    .command('report')
    .argument('<model>', modelWords, modelArgument)
    .description('print the report of a training as a page of Markdown')
    .option('--json', 'print it as JSON')
    .action(
      client(async (context, model: ModelReference, options: JsonOption) =>
        (await import('../commands/models-looking.ts')).report(context, model, options),
      ),
    );
  models
    .command('compare')
    .argument('<first>', modelWords, modelArgument)
    .argument('<second>', 'the other one', modelArgument)
    .description('show two models side by side: where they come from, settings that differ, metrics')
    .option('--json', 'print JSON')
    .action(
      client(async (context, first: ModelReference, second: ModelReference, options: JsonOption) =>
        (await import('../commands/models-looking.ts')).compare(context, [first, second], options),
      ),
    );
}

function addApplying(models: Command, client: ClientCommand): void {
  models
    .command('predict')
    .argument('<model>', modelWords, modelArgument)
    .argument('<symbol>', symbolWords, nameArgument)
    .description('show what a model says of stored bars, and what its strategy makes of it')
    .option('-t, --timeframe <timeframe>', timeframeWords, timeframeOption)
    .option('--start <date>', 'first day or instant (UTC)', dateOption)
    .option('--end <date>', 'end of the span, exclusive (UTC)', dateOption)
    .option(
      '-n, --last <count>',
      'the last bars only (default: 10 in a terminal, else all)',
      wholeNumberBetween(1, 1e9),
    )
    .option('-o, --output <file>', 'write all of them to a file', filledOption)
    .option('--format <format>', 'csv or json (default: as the name of the file tells)', predictionFormatOption)
    .addOption(new Option('--json', 'the same as --format json').conflicts(['format', 'output']))
    .option('--force', 'replace a file that is there')
    .action(
      client(async (context, model: ModelReference, symbol: string, options: PredictOptions) =>
        (await import('../commands/models-applying.ts')).predict(context, { model, symbol }, options),
      ),
    );
  models
    .command('explain')
    .argument('<model>', modelWords, modelArgument)
    .argument('<symbol>', symbolWords, nameArgument)
    .description('show why a model says what it says of a bar, and what would change it')
    .option('-t, --timeframe <timeframe>', timeframeWords, timeframeOption)
    .option(
      '--at <time>',
      'start of the bar (UTC); the newest before it, where there is none (default: the newest)',
      dateOption,
    )
    .option('--json', 'print JSON')
    .action(
      client(async (context, model: ModelReference, symbol: string, options: ExplainOptions) =>
        (await import('../commands/models-applying.ts')).explain(context, { model, symbol }, options),
      ),
    );
}

function addFiles(models: Command, client: ClientCommand): void {
  models
    .command('export')
    .argument('<model>', modelWords, modelArgument)
    .description('write a model to one file for other programs')
    .option(
      '--format <format>',
      `${modelFormats.join(' or ')} (default: as the name of the file tells, else onnx)`,
      modelFormatOption,
    )
    .option('-o, --output <file>', 'the file (default: NAME-VERSION.FORMAT)', filledOption)
    .option('--force', 'replace a file that is there')
    .action(
      client(async (context, model: ModelReference, options: ExportOptions) =>
        (await import('../commands/models-files.ts')).exportFile(context, model, options),
      ),
    );
  models
    .command('verify')
    .argument('[model]', 'NAME for all its versions, or NAME@VERSION; all models when left out', modelArgument)
    .description('read every file of models again and hold it against its hash')
    .option('--json', 'print JSON')
    .action(
      client(async (context, model: ModelReference | undefined, options: JsonOption) =>
        (await import('../commands/models-files.ts')).verify(context, model, options),
      ),
    );
  models
    .command('delete')
    .argument('<model>', 'NAME@VERSION, for example momentum@v2', modelArgument)
    .description('remove one version of a model')
    .option('--yes', 'do it; without it the command only says what it would remove')
    .option('--json', 'print JSON')
    .action(
      client(async (context, model: ModelReference, options: DeleteOptions) =>
        (await import('../commands/models-files.ts')).remove(context, model, options),
      ),
    );
}
