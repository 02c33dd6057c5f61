import { KtrdrError } from '../../../base/index.ts';
import {
  loadBars,
  loadSeries,
  seriesToLoad,
  type Gap,
  type LoadBarsResult,
  type LoadMode,
  type LoadSeriesInput,
  type LoadSeriesResult,
} from '../../../data/index.ts';
import { dateText, type Timeframe } from '../../../market/index.ts';
import { getBars, getCoverage, listSeries } from '../../data-endpoints.ts';
import { withApi } from '../api-client.ts';
import { shellWord } from '../completion/shell-word.ts';
import { formatCount, formatCounted, formatStamp } from '../format.ts';
import { checkSpan } from '../programs/parse-options.ts';
import type { CommandContext } from '../programs/command.ts';
import { runLongWork, type LongWorkOptions } from '../run-operation.ts';
import { colours, printJson, table, terminal } from '../terminal.ts';

interface Span {
  start?: number;
  end?: number;
}

export interface LoadOptions extends Span, LongWorkOptions {
  timeframe: Timeframe[];
  mode: LoadMode;
  dryRun?: boolean;
}

export interface ShowOptions extends Span {
  timeframe: Timeframe;
  limit: number;
  json?: boolean;
}

const listedGaps = 5;

/** Of a load that ended well and knows that expected bars are still missing. */
const incompleteExitCode = 12;

const loadSchema = 'ktrdr.data.load/1';

/** @returns the exit code: that of the first series that failed, else 12 when bars are still missing. */
export async function load(context: CommandContext, symbols: string[], options: LoadOptions): Promise<number> {
  checkSpan(options);
  const { timeframe: timeframes, mode, json = false, ndjson = false } = options;
  const series = await loadAll(context, { symbols, timeframes, mode, ...spanOf(options) }, options);
  if (series === undefined) return 0;
  const isForPrograms = json || ndjson;
  if (isForPrograms) printJson(loadSchema, { series });
  let exitCode = 0;
  for (const { symbol, timeframe, result, error } of series) {
    if (error !== undefined) {
      exitCode ||= KtrdrError.fromProblem(error).exitCode;
      if (!isForPrograms) terminal.complain(`${colours.red('error:')} ${symbol} ${timeframe}: ${error.detail}`);
    } else if (result !== undefined && !isForPrograms) terminal.print(loadSummary(result));
  }
  return exitCode === 0 ? exitCodeOf(series.flatMap(({ result }) => (result === undefined ? [] : [result]))) : exitCode;
}

function exitCodeOf(results: readonly LoadBarsResult[]): number {
  return results.some(({ coverage }) => coverage.missing > 0) ? incompleteExitCode : 0;
}

/** A single series is an operation by itself; several are the children of one. Nothing when it was left running. */
async function loadAll(
  context: CommandContext,
  input: LoadSeriesInput,
  options: LongWorkOptions,
): Promise<LoadSeriesResult['series'] | undefined> {
  const [first, ...more] = seriesToLoad(input);
  if (first === undefined || more.length > 0) {
    return (await runLongWork(context, { contract: loadSeries, input }, options))?.series;
  }
  const result = await runLongWork(context, { contract: loadBars, input: first }, options);
  if (result === undefined) return undefined;
  const { symbol, timeframe } = result;
  return [{ symbol, timeframe, result }];
}

/** What a load did and what is still missing; never a silent partial. */
export function loadSummary(result: LoadBarsResult): string {
  const { symbol, timeframe, loaded, stored, coverage, gaps } = result;
  const what = `${symbol} ${timeframe}`;
  const lines = [
    loaded.segments === 0
      ? `${what}: nothing was missing, nothing was fetched`
      : `${what}: ${formatCounted(loaded.bars, 'bar')} loaded in ${formatCounted(loaded.segments, 'request')}`,
  ];
  if (stored.first !== undefined && stored.last !== undefined) {
    const span = `${formatStamp(stored.first, timeframe)} to ${formatStamp(stored.last, timeframe)}`;
    lines.push(`  in the store: ${formatCounted(stored.bars, 'bar')}, ${span}`);
  }
  const { expected, present, confirmedEmpty } = coverage;
  const empty = confirmedEmpty === 0 ? '' : `, ${formatCount(confirmedEmpty)} confirmed not to exist`;
  lines.push(
    expected === 0
      ? '  no bar is expected in that span'
      : `  expected ${formatCounted(expected, 'bar')}: ${formatCount(present)} present${empty}${gapWords(coverage.missing, gaps, timeframe)}`,
    ...splitLines(result),
  );
  return lines.join('\n');
}

/** That stored prices are of before a split, and how to have all of them of today. */
function splitLines({ symbol, timeframe, stored, probableSplits = [] }: LoadBarsResult): string[] {
  if (probableSplits.length === 0) return [];
  const met = probableSplits.map(({ at, split }) => `${split} at ${formatStamp(at, timeframe)}`);
  const series = `${shellWord(symbol)} -t ${timeframe}`;
  const start = stored.first === undefined ? '' : ` --start ${dateText(stored.first)}`;
  return [
    `  ${colours.yellow(`probable split: ${met.join(', ')}`)}, where the bars that were stored have the prices of before it`,
    `  to load all of them anew: ktrdr data delete ${series} --yes && ktrdr data load ${series} --mode full${start}`,
  ];
}

export async function show({ settings, token }: CommandContext, symbol: string, options: ShowOptions): Promise<void> {
  const { timeframe, limit, json = false } = options;
  checkSpan(options);
  const query = { symbol, timeframe, ...spanOf(options) };
  const [bars, { symbol: name, ...coverage }] = await withApi(settings, (client) =>
    Promise.all([
      client.call(getBars, { query: { ...query, last: limit } }, token),
      client.call(getCoverage, { query }, token),
    ]),
  );
  if (json) {
    printJson('ktrdr.data.show/1', { symbol: name, timeframe, bars, coverage });
    return;
  }
  const rows = bars.time.map((time, index) => [
    formatStamp(time, timeframe),
    ...[bars.open, bars.high, bars.low, bars.close].map((column) => String(column[index] ?? '')),
    bars.volume[index] === null ? '-' : formatCount(bars.volume[index] ?? 0),
  ]);
  terminal.print(table(['time (UTC)', '>open', '>high', '>low', '>close', '>volume'], rows));
  const { expected, present, confirmedEmpty, missing, gaps } = coverage;
  terminal.print();
  terminal.print(
    `${name} ${timeframe}: ${formatCounted(expected, 'bar')} expected, ${formatCount(present)} present, ${formatCount(confirmedEmpty)} confirmed not to exist${gapWords(missing, gaps, timeframe)}`,
  );
}

export async function symbols(
  { settings, token }: CommandContext,
  { json = false }: { json?: boolean },
): Promise<void> {
  const { series } = await withApi(settings, (client) => client.call(listSeries, {}, token));
  if (json) printJson('ktrdr.data.symbols/1', { series });
  else if (series.length === 0)
    terminal.print('Nothing is stored yet; load something with "ktrdr data load AAPL -t 1h".');
  else {
    const rows = series.map(({ symbol, timeframe, bars, first, last }) => [
      symbol,
      timeframe,
      formatCount(bars),
      first === undefined ? '-' : formatStamp(first, timeframe),
      last === undefined ? '-' : formatStamp(last, timeframe),
    ]);
    terminal.print(table(['symbol', 'timeframe', '>bars', 'first', 'last'], rows));
  }
}

function gapWords(missing: number, gaps: readonly Gap[], timeframe: Timeframe): string {
  if (missing === 0) return ', no gaps';
  const shown = gaps
    .slice(0, listedGaps)
    .map(
      ({ start, end, bars }) =>
        `\n    ${formatStamp(start, timeframe)} to ${formatStamp(end, timeframe)}: ${formatCounted(bars, 'bar')}`,
    );
  const more =
    gaps.length > listedGaps ? `\n    and ${gaps.length - listedGaps} more gaps; "ktrdr data gaps" lists all` : '';
  return `, ${colours.yellow(`${formatCount(missing)} missing in ${formatCounted(gaps.length, 'gap')}`)}:${shown.join('')}${more}`;
}

export function spanOf({ start, end }: Span): Span {
  return { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) };
}
