import { Option } from 'commander';
import { timeframes } from '../../../market/index.ts';
import type { CliCommand } from '../cli-command.ts';
import type { TrainOptions } from '../commands/models.ts';
import type { ExplainOptions, PredictOptions } from '../commands/models-applying.ts';
import type { DeleteOptions, ExportOptions } from '../commands/models-files.ts';
import { filledOption } from './filled-option.ts';
import {
  dateOption,
  modelArgument,
  modelFormatOption,
  modelFormats,
  nameArgument,
  predictionFormatOption,
  predictionFormats,
  seedOption,
  timeframeOption,
  type ModelReference,
} from './parse-options.ts';
import type { ClientCommand, Wrappers } from './command.ts';
import {
  force,
  limit,
  output,
  symbolsOfStrategy,
  timeframesOfStrategy,
  withJson,
  withLongWork,
  withSpan,
  yes,
  type JsonOption,
} from './shared-options.ts';

/** The commands for models. Each command's code is loaded when it runs. */
export function addModelCommands(models: CliCommand, { client }: Wrappers): void {
  models.examples('ktrdr models train momentum.yaml', 'ktrdr models predict momentum AAPL').commandsGroup('To train:');
  addTraining(models, client);
  models.commandsGroup('To look:');
  addLooking(models, client);
  models.commandsGroup('To apply:');
  addApplying(models, client);
  models.commandsGroup('Files:');
  addFiles(models, client);
}

const modelWords = 'NAME for its newest version, or NAME@VERSION, for example momentum@v2';
const symbolWords = 'a symbol whose bars are stored';

/** A command on one model. */
function ofModel(models: CliCommand, name: string, description: string): CliCommand {
  return models.command(name).argument('<model>', modelWords, modelArgument).description(description);
}

const timeframeOfModel = (): Option =>
  new Option('-t, --timeframe <timeframe>', 'for a model of one timeframe: another one to apply it to')
    .choices(timeframes)
    .argParser(timeframeOption);

function addTraining(models: CliCommand, client: ClientCommand): void {
  withLongWork(
    withSpan(
      models
        .command('train')
        .argument('<strategy>', 'a strategy file (YAML)', filledOption)
        .description('train a model from a strategy file')
        .addOption(symbolsOfStrategy())
        .addOption(timeframesOfStrategy()),
    ).option('--seed <number>', 'instead of the one in the strategy', seedOption),
  )
    .examples(
      'ktrdr models train momentum.yaml',
      'ktrdr models train momentum.yaml --symbols AAPL,MSFT --end 2024-01-01 --seed 7',
    )
    .action(
      client(async (context, path: string, options: TrainOptions) =>
        (await import('../commands/models.ts')).train(context, path, options),
      ),
    );
}

function addLooking(models: CliCommand, client: ClientCommand): void {
  withJson(models.command('list').description('list trained models'))
    .examples('ktrdr models list', 'ktrdr models list --json')
    .action(
      client(async (context, options: JsonOption) => (await import('../commands/models.ts')).list(context, options)),
    );
  withJson(ofModel(models, 'show', 'show a model: what it is worth, what it was made from, its inputs'))
    .examples('ktrdr models show momentum', 'ktrdr models show momentum@v2 --json')
    .action(
      client(async (context, model: ModelReference, options: JsonOption) =>
        (await import('../commands/models-looking.ts')).show(context, model, options),
      ),
    );
  withJson(ofModel(models, 'report', 'print the report of a training as a page of Markdown'))
    .examples('ktrdr models report momentum > momentum.md')
    .action(
      client(async (context, model: ModelReference, options: JsonOption) =>
        (await import('../commands/models-looking.ts')).report(context, model, options),
      ),
    );
  withJson(
    models
      .command('compare')
      .argument('<first>', modelWords, modelArgument)
      .argument('<second>', 'the other one', modelArgument)
      .description('show two models side by side: where they come from, settings that differ, metrics'),
  )
    .examples('ktrdr models compare momentum@v1 momentum@v2')
    .action(
      client(async (context, first: ModelReference, second: ModelReference, options: JsonOption) =>
        (await import('../commands/models-looking.ts')).compare(context, [first, second], options),
      ),
    );
}

function addApplying(models: CliCommand, client: ClientCommand): void {
  withSpan(
    ofModel(models, 'predict', 'show what a model says of the newest stored bars, and what its strategy makes of it')
      .argument('<symbol>', symbolWords, nameArgument)
      .addOption(timeframeOfModel()),
  )
    .addOption(limit(1e9).default(undefined, '10 in a terminal, else all'))
    .addOption(output('stdout'))
    .addOption(
      new Option('--format <format>', 'the format (default: as the name of the file tells)')
        .choices(predictionFormats)
        .argParser(predictionFormatOption),
    )
    .addOption(new Option('--json', 'print the result as one JSON object').conflicts(['format', 'output']))
    .addOption(force())
    .examples(
      'ktrdr models predict momentum AAPL',
      'ktrdr models predict momentum@v2 AAPL --start 2024-01-01 -o predictions.csv',
    )
    .action(
      client(async (context, model: ModelReference, symbol: string, options: PredictOptions) =>
        (await import('../commands/models-applying.ts')).predict(context, { model, symbol }, options),
      ),
    );
  withJson(
    ofModel(models, 'explain', 'show why a model says what it says of a bar, and what would change it')
      .argument('<symbol>', symbolWords, nameArgument)
      .addOption(timeframeOfModel())
      .option(
        '--at <time>',
        'start of the bar (UTC); the newest before it, where there is none (default: the newest)',
        dateOption,
      ),
  )
    .examples('ktrdr models explain momentum AAPL', 'ktrdr models explain momentum AAPL --at 2024-03-08T14:30')
    .action(
      client(async (context, model: ModelReference, symbol: string, options: ExplainOptions) =>
        (await import('../commands/models-applying.ts')).explain(context, { model, symbol }, options),
      ),
    );
}

function addFiles(models: CliCommand, client: ClientCommand): void {
  withJson(
    ofModel(models, 'export', 'write a model to one file for other programs')
      .addOption(
        new Option('--format <format>', 'the format (default: as the name of the file tells, else onnx)')
          .choices(modelFormats)
          .argParser(modelFormatOption),
      )
      .addOption(output('NAME-VERSION.FORMAT'))
      .addOption(force()),
  )
    .examples('ktrdr models export momentum', 'ktrdr models export momentum@v2 -o momentum.safetensors')
    .action(
      client(async (context, model: ModelReference, options: ExportOptions) =>
        (await import('../commands/models-files.ts')).exportFile(context, model, options),
      ),
    );
  withJson(
    models
      .command('verify')
      .argument('[model]', 'NAME for all its versions, or NAME@VERSION; all models when left out', modelArgument)
      .description('check every file of the models against its hash'),
  )
    .examples('ktrdr models verify', 'ktrdr models verify momentum@v2')
    .action(
      client(async (context, model: ModelReference | undefined, options: JsonOption) =>
        (await import('../commands/models-files.ts')).verify(context, model, options),
      ),
    );
  withJson(
    models
      .command('delete')
      .argument('<model>', 'NAME@VERSION, for example momentum@v2', modelArgument)
      .description('remove one version of a model')
      .addOption(yes()),
  )
    .examples('ktrdr models delete momentum@v1', 'ktrdr models delete momentum@v1 --yes')
    .action(
      client(async (context, model: ModelReference, options: DeleteOptions) =>
        (await import('../commands/models-files.ts')).remove(context, model, options),
      ),
    );
}
