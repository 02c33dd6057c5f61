import { Option } from 'commander';
import { dateOrders, exportFormats, importConflicts, loadModes } from '../../../data/index.ts';
import { calendarIds, timeframes } from '../../../market/index.ts';
import { mostBarsOnPage } from '../../bars-page.ts';
import type { CliCommand } from '../cli-command.ts';
import type { LoadOptions, ShowOptions } from '../commands/data.ts';
import type { ExportOptions, ImportOptions } from '../commands/data-files.ts';
import type { CoverageOptions, GapsOptions } from '../commands/data-gaps.ts';
import type { QualityOptions } from '../commands/data-quality.ts';
import type { DeleteOptions, SeriesOptions, VerifyOptions } from '../commands/data-series.ts';
import { filledOption } from './filled-option.ts';
import { ListOption } from './list-option.ts';
import {
  calendarOption,
  conflictsOption,
  datesOption,
  formatOption,
  modeOption,
  nameArgument,
  nameArguments,
  timeframeListOption,
  zoneOption,
} from './parse-options.ts';
import type { ClientCommand, Wrappers } from './command.ts';
import {
  force,
  limit,
  output,
  repairs,
  symbolWords,
  timeframe,
  withJson,
  withLongWork,
  withSeries,
  withSpan,
  yes,
  type JsonOption,
} from './shared-options.ts';

/** The commands for market history. Each command's code is loaded when it runs. */
export function addDataCommands(data: CliCommand, { client }: Wrappers): void {
  data.examples('ktrdr data load AAPL -t 1h', 'ktrdr data show AAPL -t 1h').commandsGroup('To load:');
  addLoading(data, client);
  data.commandsGroup('To look:');
  addLooking(data, client);
  data.commandsGroup('To check and remove:');
  addKeeping(data, client);
  data.commandsGroup('Files:');
  addFiles(data, client);
  data.commandsGroup('To ask the source:');
  addSource(data, client);
}

/** A command on one stored series. */
function ofSeries(data: CliCommand, name: string, description: string): CliCommand {
  return withSeries(data.command(name).description(description));
}

function addLoading(data: CliCommand, client: ClientCommand): void {
  withLongWork(
    withSpan(
      data
        .command('load')
        .argument('<symbols...>', 'stocks like AAPL, currency pairs like EUR.USD, indices like SPX', nameArguments)
        .description('load bars into the store')
        .addOption(
          new ListOption('-t, --timeframe <timeframe>', 'length of the bars; several with commas between them')
            .choices(timeframes)
            .argParser(timeframeListOption)
            .makeOptionMandatory(),
        )
        .addOption(
          new Option(
            '-m, --mode <mode>',
            'what to ask the source for: nothing, newer bars, older ones or all that is missing',
          )
            .choices(loadModes)
            .argParser(modeOption)
            .default('tail' as const),
        ),
    ).option('--dry-run', 'say what would be asked for and how long it would take, and load nothing'),
  )
    .examples(
      'ktrdr data load AAPL -t 1h',
      'ktrdr data load AAPL MSFT EUR.USD -t 1h,1d --mode full --start 2020-01-01',
      'ktrdr data load AAPL -t 1m --start 2024-01-01 --dry-run',
    )
    .action(
      client(async (context, symbols: string[], options: LoadOptions) =>
        options.dryRun === true
          ? (await import('../commands/data-plan.ts')).plan(context, symbols, options)
          : (await import('../commands/data.ts')).load(context, symbols, options),
      ),
    );
}

function addLooking(data: CliCommand, client: ClientCommand): void {
  withJson(data.command('symbols').description('list what is stored'))
    .examples('ktrdr data symbols')
    .action(
      client(async (context, options: JsonOption) => (await import('../commands/data.ts')).symbols(context, options)),
    );
  withJson(
    withSpan(ofSeries(data, 'show', 'show the newest stored bars, and what is missing between them')).addOption(
      limit(mostBarsOnPage).default(10),
    ),
  )
    .examples('ktrdr data show AAPL -t 1h', 'ktrdr data show AAPL -t 1d --end 2024-01-01 -n 250 --json')
    .action(
      client(async (context, symbol: string, options: ShowOptions) =>
        (await import('../commands/data.ts')).show(context, symbol, options),
      ),
    );
  withJson(ofSeries(data, 'range', 'show the span that is stored of a series'))
    .examples('ktrdr data range AAPL -t 1h')
    .action(
      client(async (context, symbol: string, options: SeriesOptions) =>
        (await import('../commands/data-series.ts')).range(context, symbol, options),
      ),
    );
  withJson(
    withSpan(ofSeries(data, 'gaps', 'list every span in which bars are missing, exact to one bar')).option(
      '--all',
      'also what the source does not have, what is not finished, and when the market is closed, and why',
    ),
  )
    .examples('ktrdr data gaps AAPL -t 1h', 'ktrdr data gaps AAPL -t 1d --start 2024-01-01 --all')
    .action(
      client(async (context, symbol: string, options: GapsOptions) =>
        (await import('../commands/data-gaps.ts')).gaps(context, symbol, options),
      ),
    );
  withJson(withSpan(ofSeries(data, 'coverage', 'draw what is stored of what the calendar expects, by months or days')))
    .examples('ktrdr data coverage AAPL -t 1h', 'ktrdr data coverage AAPL -t 1d --start 2020-01-01 --json')
    .action(
      client(async (context, symbol: string, options: CoverageOptions) =>
        (await import('../commands/data-gaps.ts')).coverage(context, symbol, options),
      ),
    );
}

function addKeeping(data: CliCommand, client: ClientCommand): void {
  withJson(
    withSpan(
      ofSeries(data, 'quality', 'look for bars that cannot be true or that somebody should look at; changes nothing'),
    ).addOption(limit(200).default(20)),
  )
    .examples('ktrdr data quality AAPL -t 1h', 'ktrdr data quality AAPL -t 1d --start 2020-01-01 -n 100')
    .action(
      client(async (context, symbol: string, options: QualityOptions) =>
        (await import('../commands/data-quality.ts')).quality(context, symbol, options),
      ),
    );
  withJson(
    data
      .command('verify')
      .argument('[symbol]', symbolWords, nameArgument)
      .description('check every stored file, or those of one series, against its checksums')
      .addOption(timeframe()),
  )
    .examples('ktrdr data verify', 'ktrdr data verify AAPL -t 1h')
    .action(
      client(async (context, symbol: string | undefined, options: VerifyOptions) =>
        (await import('../commands/data-series.ts')).verify(context, symbol, options),
      ),
    );
  withJson(withSpan(ofSeries(data, 'delete', 'remove stored bars, of a span or all of a series')).addOption(yes()))
    .examples('ktrdr data delete AAPL -t 1h', 'ktrdr data delete AAPL -t 1h --start 2024-01-01 --end 2024-02-01 --yes')
    .action(
      client(async (context, symbol: string, options: DeleteOptions) =>
        (await import('../commands/data-series.ts')).remove(context, symbol, options),
      ),
    );
}

function addFiles(data: CliCommand, client: ClientCommand): void {
  withLongWork(
    data
      .command('import')
      .argument('<symbol>', symbolWords, nameArgument)
      .argument(
        '<file>',
        'CSV, also packed by gzip, Parquet, or Arrow (Feather); it must lie where the API runs',
        filledOption,
      )
      .description('import a file of bars, all of it or nothing')
      .addOption(timeframe().makeOptionMandatory())
      .option('--zone <zone>', 'of times that name none, for example America/New_York or UTC', zoneOption)
      .addOption(
        new Option('--dates <order>', 'of dates such as 03/08/2024').choices(dateOrders).argParser(datesOption),
      )
      .addOption(
        new Option('--calendar <calendar>', 'where it trades, when the symbol does not tell')
          .choices(calendarIds)
          .argParser(calendarOption),
      )
      .addOption(
        new Option('--conflicts <way>', 'what to do where the store has other values (default: refuse)')
          .choices(importConflicts)
          .argParser(conflictsOption),
      )
      .addOption(repairs())
      .option('--check', 'read and check it, and store nothing'),
  )
    .examples(
      'ktrdr data import AAPL aapl.csv -t 1d --check',
      'ktrdr data import AAPL minutes.csv.gz -t 1m --zone America/New_York --repair sort,unique',
    )
    .action(
      client(async (context, symbol: string, file: string, options: ImportOptions) =>
        (await import('../commands/data-files.ts')).importFile(context, [symbol, file], options),
      ),
    );
  withJson(
    withSpan(ofSeries(data, 'export', 'write stored bars to a file or to stdout'))
      .addOption(output('stdout'))
      .addOption(
        new Option('--format <format>', 'the format (default: as the name of the file tells, else csv)')
          .choices(exportFormats)
          .argParser(formatOption),
      )
      .addOption(repairs())
      .addOption(force()),
  )
    .examples(
      'ktrdr data export AAPL -t 1d -o aapl.parquet',
      'ktrdr data export AAPL -t 1d --repair adjust-splits > adjusted.csv',
    )
    .action(
      client(async (context, symbol: string, options: ExportOptions) =>
        (await import('../commands/data-files.ts')).exportFile(context, symbol, options),
      ),
    );
}

function addSource(data: CliCommand, client: ClientCommand): void {
  withJson(
    data
      .command('search')
      .argument('<text>', 'the beginning of a symbol, or a part of a name', nameArgument)
      .description('search the source for instruments'),
  )
    .examples('ktrdr data search apple')
    .action(
      client(async (context, text: string, options: JsonOption) =>
        (await import('../commands/data-series.ts')).search(context, text, options),
      ),
    );
  withJson(
    data
      .command('contract')
      .argument('<symbol>', symbolWords, nameArgument)
      .description('show what the source knows of an instrument'),
  )
    .examples('ktrdr data contract EUR.USD')
    .action(
      client(async (context, symbol: string, options: JsonOption) =>
        (await import('../commands/data-series.ts')).contract(context, symbol, options),
      ),
    );
  withJson(ofSeries(data, 'head', 'show where the bars that the source has of an instrument begin'))
    .examples('ktrdr data head AAPL -t 1d')
    .action(
      client(async (context, symbol: string, options: SeriesOptions) =>
        (await import('../commands/data-series.ts')).head(context, symbol, options),
      ),
    );
}
