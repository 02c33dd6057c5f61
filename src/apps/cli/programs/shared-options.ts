import { Option } from 'commander';
import { repairNames } from '../../../data/index.ts';
import { timeframes } from '../../../market/index.ts';
import type { CliCommand } from '../cli-command.ts';
import { filledOption } from './filled-option.ts';
import { ListOption } from './list-option.ts';
import {
  dateOption,
  durationOption,
  listOption,
  nameArgument,
  portOption,
  repairsOption,
  timeframeListOption,
  timeframeOption,
  wholeNumberBetween,
} from './parse-options.ts';

/** Options that several commands have are made here, so that they are called, take and mean the same everywhere. */

export interface JsonOption {
  json?: boolean;
}

/** Whose result is printed as one object whose first key, `schema`, names its shape. */
export function withJson<C extends CliCommand>(command: C): C {
  return command.option('--json', 'print the result as one JSON object');
}

/** Work that may take long, and that the API carries out as an operation. */
export function withLongWork<C extends CliCommand>(command: C): C {
  return withEvents(
    command
      .option('--deadline <duration>', 'cancel it by itself after this time, for example 90s or 2h', durationOption)
      .option('--detach', 'start it, print its id, and leave it running'),
  );
}

/** What watches an operation. */
export function withEvents<C extends CliCommand>(command: C): C {
  return withJson(command).option('--ndjson', 'print each state as a JSON object on a line, and the result last');
}

export function withSpan<C extends CliCommand>(command: C): C {
  return command
    .option('--start <date>', 'first day or instant (UTC), as 2024-03-08 or 2024-03-08T14:30', dateOption)
    .option('--end <date>', 'end of the span, exclusive (UTC)', dateOption);
}

export const symbolWords = 'a stock like AAPL, a currency pair like EUR.USD or an index like SPX';

export const timeframe = (): Option =>
  new Option('-t, --timeframe <timeframe>', 'length of the bars').choices(timeframes).argParser(timeframeOption);

export const timeframesOfStrategy = (): Option =>
  new ListOption('--timeframes <list>', 'instead of those in the strategy, with commas between them')
    .choices(timeframes)
    .argParser(timeframeListOption);

export const symbolsOfStrategy = (): Option =>
  new ListOption('--symbols <list>', 'instead of those in the strategy, for example AAPL,MSFT').argParser(listOption);

/** A command on one stored series. */
export function withSeries<C extends CliCommand>(command: C): C {
  return command.argument('<symbol>', symbolWords, nameArgument).addOption(timeframe().makeOptionMandatory());
}

/** `words`: what is followed, and what Ctrl-C does then. */
export const follow = (words: string): Option => new Option('-f, --follow', words);

export const limit = (most: number): Option =>
  new Option('-n, --limit <count>', 'show at most so many').argParser(wholeNumberBetween(1, most));

/** `usual`: what is written where none is named, in words. */
export const output = (usual: string): Option =>
  new Option('-o, --output <file>', `the file to write (default: ${usual})`).argParser(filledOption);

export const force = (): Option => new Option('--force', 'replace a file that is there');

export const yes = (): Option => new Option('--yes', 'do it; without it the command only says what it would remove');

export const repairs = (): Option =>
  new ListOption('--repair <list>', 'changes to make to the bars, with commas between them')
    .choices(repairNames)
    .argParser(repairsOption);

/** `usual`: what is taken where none is named, in words, unless the command has a default of its own. */
export const port = (usual = ''): Option =>
  new Option(
    '--port <port>',
    `port to listen on, 0 for a free one${usual === '' ? '' : ` (default: ${usual})`}`,
  ).argParser(portOption);
