import type { Command } from 'commander';
import { dateOrders, repairNames } from '../../../data/index.ts';
import { calendarIds, timeframes } from '../../../market/index.ts';
import { mostBarsOnPage } from '../../bars-page.ts';
import type { LoadOptions, ShowOptions } from '../commands/data.ts';
import type { ExportOptions, ImportOptions } from '../commands/data-files.ts';
import type { CoverageOptions, GapsOptions } from '../commands/data-gaps.ts';
import type { QualityOptions } from '../commands/data-quality.ts';
import type { DeleteOptions, SeriesOptions, VerifyOptions } from '../commands/data-series.ts';
import {
  calendarOption,
  conflictsOption,
  dateOption,
  datesOption,
  durationOption,
  filledOption,
  formatOption,
  modeOption,
  nameArgument,
  nameArguments,
  repairsOption,
  timeframeListOption,
  timeframeOption,
  wholeNumberBetween,
} from '../parse-options.ts';
import type { ClientCommand } from './command.ts';

/** The commands for market history. Each command's code is loaded when it runs. */
export function addDataCommands(program: Command, client: ClientCommand): void {
  const data = program.command('data').description('market history');
  addLoadingCommands(data, client);
  addLookingCommands(data, client);
  addFileCommands(data, client);
  addSourceCommands(data, client);
}

const symbolWords = 'a stock like AAPL, a currency pair like EUR.USD or an index like SPX';
const timeframeWords = `one of ${timeframes.join(', ')}`;

/** A command on one stored series. */
function ofSeries(data: Command, name: string, description: string): Command {
  return data
    .command(name)
    .argument('<symbol>', symbolWords, nameArgument)
    .description(description)
    .requiredOption('-t, --timeframe <timeframe>', timeframeWords, timeframeOption);
}

function withSpan(command: Command): Command {
  return command
    .option('--start <date>', 'first day or instant (UTC)', dateOption)
    .option('--end <date>', 'end of the span, exclusive (UTC)', dateOption);
}

function example(command: Command, ...lines: string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ktrdr data ${line}`).join('\n')}`);
}

function addLoadingCommands(data: Command, client: ClientCommand): void {
  data
    .command('load')
    .argument('<symbols...>', 'stocks like AAPL, currency pairs like EUR.USD, indices like SPX', nameArguments)
    .description('load bars into the store')
    .requiredOption(
      '-t, --timeframe <list>',
      `${timeframes.join(', ')}; several with commas between them`,
      timeframeListOption,
    )
    .option('-m, --mode <mode>', 'local, tail, backfill or full', modeOption, 'tail' as const)
    .option('--start <date>', 'first day or instant wanted (UTC)', dateOption)
    .option('--end <date>', 'first day or instant not wanted any more (UTC)', dateOption)
    .option('--dry-run', 'say what would be asked for and how long it would take, and load nothing')
    .option('--deadline <duration>', 'cancel it by itself after this time, for example 90s or 2h', durationOption)
    .option('--json', 'print the result as JSON')
    .action(
      client(async (context, symbols: string[], options: LoadOptions) =>
        options.dryRun === true
          ? (await import('../commands/data-plan.ts')).plan(context, symbols, options)
          : (await import('../commands/data.ts')).load(context, symbols, options),
      ),
    );
}

function addLookingCommands(data: Command, client: ClientCommand): void {
  data
    .command('show')
    .argument('<symbol>', symbolWords, nameArgument)
    .description('show stored bars, and what is missing between them')
    .requiredOption('-t, --timeframe <timeframe>', timeframeWords, timeframeOption)
    .option('--start <date>', 'first day or instant (UTC)', dateOption)
    .option('--end <date>', 'end of the span, exclusive (UTC)', dateOption)
    .option('-n, --last <count>', 'show the last bars only', wholeNumberBetween(1, mostBarsOnPage), 10)
    .option('--json', 'print the bars as JSON columns')
    .action(
      client(async (context, symbol: string, options: ShowOptions) =>
        (await import('../commands/data.ts')).show(context, symbol, options),
      ),
    );
  data
    .command('symbols')
    .description('list what is stored')
    .option('--json', 'print JSON')
    .action(
      client(async (context, options: { json?: boolean }) =>
        (await import('../commands/data.ts')).symbols(context, options),
      ),
    );
  ofSeries(data, 'range', 'show from when to when a series is stored')
    .option('--json', 'print JSON')
    .action(
      client(async (context, symbol: string, options: SeriesOptions) =>
        (await import('../commands/data-series.ts')).range(context, symbol, options),
      ),
    );
  example(
    withSpan(ofSeries(data, 'gaps', 'list every span in which bars are missing, exact to one bar'))
      .option(
        '--all',
        'also what the source does not have, what is not finished, and when the market is closed, and why',
      )
      .option('--json', 'print JSON'),
    'gaps AAPL -t 1h',
    'gaps AAPL -t 1d --start 2024-01-01 --all',
  ).action(
    client(async (context, symbol: string, options: GapsOptions) =>
      (await import('../commands/data-gaps.ts')).gaps(context, symbol, options),
    ),
  );
  withSpan(ofSeries(data, 'coverage', 'draw what is stored of what the calendar expects, by months or days'))
    .option('--json', 'print the counts by month or day as JSON')
    .action(
      client(async (context, symbol: string, options: CoverageOptions) =>
        (await import('../commands/data-gaps.ts')).coverage(context, symbol, options),
      ),
    );
  withSpan(
    ofSeries(data, 'quality', 'look for bars that cannot be true or that somebody should look at; changes nothing'),
  )
    .option('-n, --last <count>', 'show at most so many findings', wholeNumberBetween(1, 200), 20)
    .option('--json', 'print the report as JSON')
    .action(
      client(async (context, symbol: string, options: QualityOptions) =>
        (await import('../commands/data-quality.ts')).quality(context, symbol, options),
      ),
    );
  data
    .command('verify')
    .argument('[symbol]', symbolWords, nameArgument)
    .description('read every stored file, or those of one series, and hold it against its checksums')
    .option('-t, --timeframe <timeframe>', timeframeWords, timeframeOption)
    .option('--json', 'print the report as JSON')
    .action(
      client(async (context, symbol: string | undefined, options: VerifyOptions) =>
        (await import('../commands/data-series.ts')).verify(context, symbol, options),
      ),
    );
  withSpan(ofSeries(data, 'delete', 'remove stored bars, of a span or all of a series'))
    .option('--yes', 'do it; without it the command only says what it would remove')
    .option('--json', 'print JSON')
    .action(
      client(async (context, symbol: string, options: DeleteOptions) =>
        (await import('../commands/data-series.ts')).remove(context, symbol, options),
      ),
    );
}

function addFileCommands(data: Command, client: ClientCommand): void {
  example(
    data
      .command('import')
      .argument('<symbol>', symbolWords, nameArgument)
      .argument(
        '<file>',
        'CSV, also packed by gzip, Parquet, or Arrow (Feather); it must lie where the API runs',
        filledOption,
      )
      .description('import a file of bars, all of it or nothing')
      .requiredOption('-t, --timeframe <timeframe>', timeframeWords, timeframeOption)
      .option('--zone <zone>', 'of times that name none, for example America/New_York or UTC', filledOption)
      .option('--dates <order>', `of dates such as 03/08/2024: ${dateOrders.join(' or ')}`, datesOption)
      .option(
        '--calendar <calendar>',
        `where it trades, when the symbol does not tell: ${calendarIds.join(' or ')}`,
        calendarOption,
      )
      .option(
        '--conflicts <way>',
        'what to do where the store has other values: refuse, keep or replace (default: refuse)',
        conflictsOption,
      )
      .option('--repair <list>', `changes to make on the way: ${repairNames.join(', ')}`, repairsOption)
      .option('--check', 'read and check it, and store nothing')
      .option('--deadline <duration>', 'cancel it by itself after this time, for example 90s or 2h', durationOption)
      .option('--json', 'print the result as JSON'),
    'import AAPL aapl.csv -t 1d --check',
    'import AAPL minutes.csv.gz -t 1m --zone America/New_York --repair sort,unique',
  ).action(
    client(async (context, symbol: string, file: string, options: ImportOptions) =>
      (await import('../commands/data-files.ts')).importFile(context, [symbol, file], options),
    ),
  );
  example(
    withSpan(ofSeries(data, 'export', 'write stored bars to a file or to stdout'))
      .option('-o, --output <file>', 'the file; its name tells the format: .csv, .parquet or .arrow', filledOption)
      .option(
        '--format <format>',
        'csv, parquet or arrow (default: as the name of the file tells, else csv)',
        formatOption,
      )
      .option('--repair <list>', `changes to make to what is written: ${repairNames.join(', ')}`, repairsOption)
      .option('--force', 'replace a file that is there'),
    'export AAPL -t 1d -o aapl.parquet',
    'export AAPL -t 1d --repair adjust-splits > adjusted.csv',
  ).action(
    client(async (context, symbol: string, options: ExportOptions) =>
      (await import('../commands/data-files.ts')).exportFile(context, symbol, options),
    ),
  );
}

function addSourceCommands(data: Command, client: ClientCommand): void {
  data
    .command('search')
    .argument('<text>', 'the beginning of a symbol, or a part of a name', nameArgument)
    .description('search the source for instruments')
    .option('--json', 'print JSON')
    .action(
      client(async (context, text: string, options: { json?: boolean }) =>
        (await import('../commands/data-series.ts')).search(context, text, options),
      ),
    );
  data
    .command('contract')
    .argument('<symbol>', symbolWords, nameArgument)
    .description('show what the source knows of an instrument')
    .option('--json', 'print JSON')
    .action(
      client(async (context, symbol: string, options: { json?: boolean }) =>
        (await import('../commands/data-series.ts')).contract(context, symbol, options),
      ),
    );
  ofSeries(data, 'head', 'show since when the source has bars of an instrument')
    .option('--json', 'print JSON')
    .action(
      client(async (context, symbol: string, options: SeriesOptions) =>
        (await import('../commands/data-series.ts')).head(context, symbol, options),
      ),
    );
}
