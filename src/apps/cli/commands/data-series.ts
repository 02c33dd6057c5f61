import { exitCodeOf, KtrdrError } from '../../../base/index.ts';
import { verifyBars } from '../../../data/index.ts';
import type { Timeframe } from '../../../market/index.ts';
import { deleteBars, getContract, getHead, getRange, getSearch } from '../../data-endpoints.ts';
import { withApi } from '../api-client.ts';
import { formatCount, formatCounted, formatStamp } from '../format.ts';
import { checkSpan } from '../programs/parse-options.ts';
import type { CommandContext } from '../programs/command.ts';
import { runOperation } from '../run-operation.ts';
import { colours, printJson, table, terminal } from '../terminal.ts';

export interface SeriesOptions {
  timeframe: Timeframe;
  json?: boolean;
}

/** From when to when a series is stored. */
export async function range(
  { settings, token }: CommandContext,
  symbol: string,
  options: SeriesOptions,
): Promise<void> {
  const { timeframe, json = false } = options;
  const info = await withApi(settings, (client) => client.call(getRange, { query: { symbol, timeframe } }, token));
  if (json) {
    printJson('ktrdr.data.range/1', info);
    return;
  }
  const { bars, first, last, calendar, confirmedEmptyRanges, revision, updatedAt } = info;
  const span =
    first === undefined || last === undefined
      ? 'no bars'
      : `${formatStamp(first, timeframe)} to ${formatStamp(last, timeframe)}`;
  terminal.print(`${info.symbol} ${timeframe}: ${span}, ${formatCounted(bars, 'bar')}`);
  terminal.print(`  calendar  ${calendar}`);
  terminal.print(`  empty     ${formatCount(confirmedEmptyRanges)} spans that the source has confirmed to be`);
  terminal.print(`  revised   ${formatCount(revision)} times`);
  terminal.print(`  written   ${updatedAt === 0 ? 'unknown' : new Date(updatedAt).toISOString()}`);
}

/** What the source knows of an instrument. */
export async function contract(
  { settings, token }: CommandContext,
  symbol: string,
  { json = false }: { json?: boolean },
): Promise<void> {
  const instrument = await withApi(settings, (client) => client.call(getContract, { query: { symbol } }, token));
  if (json) {
    printJson('ktrdr.data.contract/1', instrument);
    return;
  }
  const { description, assetType, exchange, currency, calendar } = instrument;
  terminal.print(`${instrument.symbol}: ${description}`);
  terminal.print(`  kind      ${assetType}`);
  terminal.print(`  exchange  ${exchange}`);
  terminal.print(`  currency  ${currency}`);
  terminal.print(`  calendar  ${calendar}`);
}

/** What the source has under a name. */
export async function search(
  { settings, token }: CommandContext,
  text: string,
  { json = false }: { json?: boolean },
): Promise<void> {
  const { instruments } = await withApi(settings, (client) => client.call(getSearch, { query: { text } }, token));
  if (json) printJson('ktrdr.data.search/1', { instruments });
  else if (instruments.length === 0) terminal.print(`The source knows nothing that matches "${text}".`);
  else {
    const rows = instruments.map(({ symbol, assetType, exchange, currency, description }) => [
      symbol,
      assetType,
      exchange,
      currency,
      description,
    ]);
    terminal.print(table(['symbol', 'kind', 'exchange', 'currency', 'description'], rows));
  }
}

/** Since when the source has bars. */
export async function head({ settings, token }: CommandContext, symbol: string, options: SeriesOptions): Promise<void> {
  const { timeframe, json = false } = options;
  const answer = await withApi(settings, (client) => client.call(getHead, { query: { symbol, timeframe } }, token));
  const { symbol: name, earliest } = answer;
  if (json) printJson('ktrdr.data.head/1', { symbol: name, timeframe, earliest });
  else if (earliest === null) terminal.print(`The source has no history of ${name}.`);
  else terminal.print(`${name} ${timeframe}: the source has bars since ${formatStamp(earliest, timeframe)}`);
}

export interface DeleteOptions {
  timeframe: Timeframe;
  start?: number;
  end?: number;
  yes?: boolean;
  json?: boolean;
}

/** @throws KtrdrError `failed_precondition` that says what would be removed, without `--yes`. */
export async function remove(
  { settings, token }: CommandContext,
  symbol: string,
  options: DeleteOptions,
): Promise<void> {
  checkSpan(options);
  const { timeframe, yes = false, json = false, start, end } = options;
  const query = { symbol, timeframe, ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) };
  const { symbol: name, removed } = await withApi(settings, async (client) => {
    // What is too damaged to be read can be removed all the same.
    if (yes) return client.call(deleteBars, { query }, token);
    const info = await client.call(getRange, { query: { symbol, timeframe } }, token);
    const part = start === undefined && end === undefined ? allOf(info.bars) : 'the bars of that span';
    throw new KtrdrError(
      'failed_precondition',
      `This would remove ${part} of ${info.symbol} ${timeframe} from the store; repeat it with --yes if that is meant.`,
    );
  });
  if (json) printJson('ktrdr.data.delete/1', { symbol: name, timeframe, removed });
  else terminal.print(`${name} ${timeframe}: ${formatCounted(removed, 'bar')} removed`);
}

function allOf(bars: number): string {
  return bars === 1 ? 'the only bar' : `all ${formatCount(bars)} bars`;
}

export interface VerifyOptions {
  timeframe?: Timeframe;
  json?: boolean;
}

/** @returns the exit code: that of damaged data when there is any. */
export async function verify(
  context: CommandContext,
  symbol: string | undefined,
  options: VerifyOptions,
): Promise<number> {
  const { timeframe, json = false } = options;
  if ((symbol === undefined) !== (timeframe === undefined)) {
    throw new KtrdrError('invalid_input', 'Name a series by its symbol and --timeframe, or neither to verify all.');
  }
  const input = symbol === undefined || timeframe === undefined ? {} : { series: { symbol, timeframe } };
  const report = await runOperation(context, { contract: verifyBars, input });
  const damaged = report.issues.filter(({ severity }) => severity === 'damage');
  if (json) {
    printJson('ktrdr.data.verify/1', report);
  } else {
    for (const { severity, path, problem, remedy } of report.issues) {
      terminal.print(`${severity === 'damage' ? colours.red('damaged') : 'left over'}  ${path}: ${problem}`);
      terminal.print(`  ${remedy}`);
    }
    const { series, files, bars } = report;
    const verdict = damaged.length === 0 ? colours.green('all intact') : colours.red(`${damaged.length} damaged`);
    terminal.print(
      `${formatCount(series)} series, ${formatCount(files)} files, ${formatCounted(bars, 'bar')}: ${verdict}`,
    );
  }
  return damaged.length === 0 ? 0 : exitCodeOf('data_corrupt');
}
