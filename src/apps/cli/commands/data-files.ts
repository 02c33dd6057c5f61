import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import type { CancellationToken } from '../../../async/index.ts';
import { KtrdrError } from '../../../base/index.ts';
import {
  applyRepairs,
  encodeBars,
  exportFormats,
  importBars,
  type DateOrder,
  type ExportFormat,
  type ImportBarsResult,
  type ImportConflicts,
  type RepairName,
} from '../../../data/index.ts';
import {
  barsFromJson,
  concatBars,
  emptyBars,
  type Bars,
  type CalendarId,
  type Timeframe,
} from '../../../market/index.ts';
import type { OperationsClient } from '../../../service/index.ts';
import { mostBarsOnPage } from '../../bars-page.ts';
import { getBars, getRange } from '../../data-endpoints.ts';
import { withApi } from '../api-client.ts';
import { formatCount, formatCounted, formatStamp } from '../format.ts';
import { formatOfFile, mustNotExist, refuseTerminal, toFile, toStdout } from './output-file.ts';
import { checkSpan } from '../programs/parse-options.ts';
import type { CommandContext } from '../programs/command.ts';
import { runLongWork, type LongWorkOptions } from '../run-operation.ts';
import { colours, printJson, terminal } from '../terminal.ts';
import { qualityWords } from './data-quality.ts';

export interface ImportOptions extends LongWorkOptions {
  timeframe: Timeframe;
  calendar?: CalendarId;
  zone?: string;
  dates?: DateOrder;
  repair?: RepairName[];
  conflicts?: ImportConflicts;
  check?: boolean;
}

export async function importFile(
  context: CommandContext,
  [symbol, path]: readonly [string, string],
  { deadline, detach, json = false, ndjson = false, repair: repairs, ...options }: ImportOptions,
): Promise<void> {
  const input = { symbol, path: resolve(path), ...options, ...(repairs === undefined ? {} : { repairs }) };
  const result = await runLongWork(context, { contract: importBars, input }, { deadline, detach, json, ndjson });
  if (result === undefined) return;
  if (json || ndjson) printJson('ktrdr.data.import/1', result);
  else terminal.print(importSummary(result));
}

function importSummary({
  symbol,
  timeframe,
  check,
  file,
  bars,
  unfinished,
  repairs,
  stored,
  quality,
}: ImportBarsResult): string {
  const span =
    bars.first === undefined || bars.last === undefined
      ? ''
      : `, ${formatStamp(bars.first, timeframe)} to ${formatStamp(bars.last, timeframe)}`;
  const { added, same, different } = stored;
  const lines = [
    `${symbol} ${timeframe}: ${formatCounted(bars.count, 'bar')} in the file (${file.format})${span}`,
    `  ${formatCount(added)} new, ${formatCount(same)} stored with the same values, ${formatCount(different)} stored with other values`,
    ...repairs.map(({ repair, detail }) => `  repaired (${repair}): ${detail}`),
  ];
  if (file.ignoredColumns.length > 0)
    lines.push(
      `  passed over: ${file.ignoredColumns.map((name) => (name.trim() === '' ? 'a column without a name' : name)).join(', ')}`,
    );
  if (unfinished > 0) lines.push(`  left out: ${formatCount(unfinished)} that are not finished yet`);
  lines.push(`  quality: ${qualityWords(quality)}`);
  if (check) lines.push(colours.yellow('  only checked, nothing was stored'));
  return lines.join('\n');
}

export interface ExportOptions {
  timeframe: Timeframe;
  start?: number;
  end?: number;
  output?: string;
  format?: ExportFormat;
  repair?: RepairName[];
  force?: boolean;
  json?: boolean;
}

/** Page by page from the API into a file, which appears when it is complete, or to stdout. */
export async function exportFile(
  { settings, token }: CommandContext,
  symbol: string,
  options: ExportOptions,
): Promise<void> {
  checkSpan(options);
  const { timeframe, repair = [], force = false, json = false } = options;
  const output = options.output === '-' ? undefined : options.output;
  if (json && output === undefined) {
    throw new KtrdrError(
      'invalid_input',
      'The bars themselves go to stdout; name a file with --output to have JSON there.',
    );
  }
  const format = options.format ?? (output === undefined ? 'csv' : formatOfFile(output, exportFormats));
  if (output !== undefined && !force) await mustNotExist(output);
  if (output === undefined && format !== 'csv') refuseTerminal(format);
  const { bars, name } = await withApi(settings, async (client) => {
    const { calendar, symbol: name } = await client.call(getRange, { query: { symbol, timeframe } }, token);
    const written = { bars: 0, name };
    const pages = counted(pagesOf({ client, token }, { ...options, symbol: name }), written);
    const pieces = repair.length === 0 ? pages : repaired(pages, repair, { timeframe, calendar });
    const chunks = Readable.from(encodeBars(pieces, { format, timeframe }));
    await (output === undefined ? toStdout(chunks) : toFile(chunks, output));
    return written;
  });
  if (json) {
    printJson('ktrdr.data.export/1', { symbol: name, timeframe, bars, format, file: output });
    return;
  }
  terminal.note(
    `${name} ${timeframe}: ${formatCounted(bars, 'bar')} exported${output === undefined ? '' : ` to ${output}`}`,
  );
}

async function* pagesOf(
  { client, token }: { client: OperationsClient; token: CancellationToken },
  { symbol, timeframe, start, end }: Pick<ExportOptions, 'timeframe' | 'start' | 'end'> & { symbol: string },
): AsyncGenerator<Bars> {
  for (let after: number | undefined; ;) {
    const query = { symbol, timeframe, start, end, after, limit: mostBarsOnPage };
    const page = barsFromJson(await client.call(getBars, { query }, token));
    yield page;
    after = page.time.at(-1);
    if (page.time.length < mostBarsOnPage) return;
  }
}

async function* counted(pages: AsyncIterable<Bars>, written: { bars: number }): AsyncGenerator<Bars> {
  for await (const page of pages) {
    written.bars += page.time.length;
    yield page;
  }
}

/** A repair looks at all bars together. */
async function* repaired(
  pages: AsyncIterable<Bars>,
  repair: readonly RepairName[],
  series: { timeframe: Timeframe; calendar: CalendarId },
): AsyncGenerator<Bars> {
  const all: Bars[] = [emptyBars];
  for await (const page of pages) all.push(page);
  const { bars, done } = applyRepairs(concatBars(all), repair, series);
  for (const { repair: name, detail } of done) terminal.note(`repaired (${name}): ${detail}`);
  yield bars;
}
