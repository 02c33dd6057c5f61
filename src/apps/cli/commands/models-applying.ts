import { Readable } from 'node:stream';
import type { CancellationToken } from '../../../async/index.ts';
import { KtrdrError } from '../../../base/index.ts';
import type { Timeframe } from '../../../market/index.ts';
import type { EndpointOutput, OperationsClient } from '../../../service/index.ts';
import { getExplanation, getPredictions } from '../../model-endpoints.ts';
import { withApi } from '../api-client.ts';
import { formatCounted, formatPercent, formatStamp } from '../format.ts';
import { formatOfFile, mustNotExist, toFile, toStdout } from './output-file.ts';
import { checkSpan, predictionFormats, type ModelReference } from '../programs/parse-options.ts';
import type { CommandContext } from '../programs/command.ts';
import { printJson, table, terminal } from '../terminal.ts';

interface Asked {
  readonly model: ModelReference;
  readonly symbol: string;
}

export interface PredictOptions {
  timeframe?: Timeframe;
  start?: number;
  end?: number;
  limit?: number;
  output?: string;
  format?: (typeof predictionFormats)[number];
  json?: boolean;
  force?: boolean;
}

type Predictions = EndpointOutput<typeof getPredictions>;

const shownBars = 10;

/** The newest bars as a table, or all of the span as CSV or JSON, one line for each bar. */
export async function predict(
  { settings, token }: CommandContext,
  asked: Asked,
  options: PredictOptions,
): Promise<void> {
  checkSpan(options);
  const { force = false } = options;
  const format = formatOf(options);
  const output = options.output === '-' ? undefined : options.output;
  if (output !== undefined && !force) await mustNotExist(output);
  await withApi(settings, async (client) => {
    const asking = { client, token };
    if (format === undefined) {
      for await (const page of pagesOf(asking, { ...asked, ...options, limit: options.limit ?? shownBars })) {
        terminal.print(predictionTable(page));
      }
      return;
    }
    const written = { bars: 0 };
    const pages = counted(pagesOf(asking, { ...asked, ...options }), written);
    const lines = Readable.from(linesOf(pages, format));
    await (output === undefined ? toStdout(lines) : toFile(lines, output));
    terminal.note(`${formatCounted(written.bars, 'bar')} judged${output === undefined ? '' : `, in ${output}`}`);
  });
}

function formatOf({ output, format, json }: PredictOptions): (typeof predictionFormats)[number] | undefined {
  if (json === true) return 'json';
  if (output === '-') return format ?? 'csv';
  return format ?? (output === undefined ? undefined : formatOfFile(output, predictionFormats));
}

interface Span {
  readonly start: number | undefined;
  readonly end: number | undefined;
}

/** @throws KtrdrError `failed_precondition`. */
function refuseNothing({ model, symbol, timeframe, time }: Predictions, { start, end }: Span): void {
  if (time.length > 0) return;
  const span = [
    ...(start === undefined ? [] : [`from ${formatStamp(start, '1h')}`]),
    ...(end === undefined ? [] : [`to ${formatStamp(end, '1h')}`]),
  ].join(' ');
  throw new KtrdrError(
    'failed_precondition',
    `The model "${model.name}" ${model.version} can judge no bar of ${symbol} ${timeframe}${span === '' ? '' : ` ${span}`}: ` +
      'there is none, or none at which every indicator has a value. ' +
      `See what is stored with "ktrdr data range ${symbol} -t ${timeframe}"; load more of it, or choose another span.`,
  );
}

async function* pagesOf(
  { client, token }: { client: OperationsClient; token: CancellationToken },
  { model, symbol, timeframe, start, end, limit: last }: Asked & PredictOptions,
): AsyncGenerator<Predictions> {
  const { name, version = 'latest' } = model;
  for (let after: string | undefined; ;) {
    const query = { symbol, timeframe, start, end, last, after };
    const page = await client.call(getPredictions, { params: { name, version }, query }, token);
    if (after === undefined) refuseNothing(page, { start, end });
    yield page;
    if (page.next === undefined) return;
    after = page.next;
  }
}

async function* counted(pages: AsyncIterable<Predictions>, written: { bars: number }): AsyncGenerator<Predictions> {
  for await (const page of pages) {
    written.bars += page.time.length;
    yield page;
  }
}

/** Lines of CSV, or one JSON object of so many rows that it is written as they come. */
async function* linesOf(
  pages: AsyncIterable<Predictions>,
  format: (typeof predictionFormats)[number],
): AsyncGenerator<string> {
  let isFirst = true;
  for await (const page of pages) {
    const names = Object.keys(page.outputs);
    if (isFirst) yield format === 'csv' ? `time,closed_at,signal,withheld,${names.join(',')}\n` : jsonHead(page);
    const lines = page.time.map((_, row) => (format === 'csv' ? csvLine(page, row) : jsonRow(page, row)));
    yield format === 'csv' ? lines.join('') : `${isFirst ? '' : ','}${lines.join(',')}`;
    isFirst = false;
  }
  if (format === 'json') yield ']}\n';
}

function jsonHead({ model, symbol, timeframe }: Predictions): string {
  const head = { schema: 'ktrdr.models.predict/1', model, symbol, timeframe, predictions: [] };
  return JSON.stringify(head).slice(0, -2);
}

function csvLine({ time, closedAt, signal, withheld, outputs }: Predictions, row: number): string {
  const start = time[row] ?? 0;
  const stamps = [iso(start), iso(closedAt[row] ?? start)];
  const values = Object.values(outputs).map((column) => column[row] ?? Number.NaN);
  return `${[...stamps, signal[row] ?? '', withheld[row] ?? '', ...values].join(',')}\n`;
}

function jsonRow({ time, closedAt, signal, withheld, outputs }: Predictions, row: number): string {
  const start = time[row] ?? 0;
  return JSON.stringify({
    time: iso(start),
    closedAt: iso(closedAt[row] ?? start),
    signal: signal[row] ?? '',
    withheld: withheld[row] ?? null,
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, column]) => [name, column[row] ?? Number.NaN])),
  });
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}

function predictionTable({ model, symbol, timeframe, time, outputs, signal, withheld }: Predictions): string {
  const names = Object.keys(outputs);
  const isValue = names.length === 1;
  const rows = time.map((stamp, row) => [
    formatStamp(stamp, timeframe),
    ...names.map((name) => outputWords(outputs[name]?.[row] ?? Number.NaN, isValue)),
    signal[row] ?? '',
    withheld[row] === null ? '' : `held back: ${withheld[row] ?? ''}`,
  ]);
  return [
    `${symbol} ${timeframe} by ${model.name} ${model.version}`,
    table([`bar (UTC)`, ...names.map((name) => `>${name}`), 'signal', ''], rows),
  ].join('\n');
}

/** A chance, or the value of a regression, which is a return. */
function outputWords(value: number, isValue: boolean): string {
  return isValue ? `${(value * 100).toFixed(3)} %` : formatPercent(value);
}

export interface ExplainOptions {
  timeframe?: Timeframe;
  at?: number;
  json?: boolean;
}

export async function explain(
  { settings, token }: CommandContext,
  { model: { name, version = 'latest' }, symbol }: Asked,
  { timeframe, at, json = false }: ExplainOptions,
): Promise<void> {
  const query = { symbol, timeframe, at };
  const explained = await withApi(settings, (client) =>
    client.call(getExplanation, { params: { name, version }, query }, token),
  );
  if (json) printJson('ktrdr.models.explain/1', explained);
  else terminal.print(explanationText(explained));
}

type Explained = EndpointOutput<typeof getExplanation>;

function explanationText(explained: Explained): string {
  const { model, symbol, timeframe, time, outputs, output, ordinary, decision } = explained;
  const names = Object.keys(outputs);
  const isValue = names.length === 1;
  const words = (value: number): string => outputWords(value, isValue);
  const own = outputs[output] ?? Number.NaN;
  const held = decision.withheld === undefined ? '' : ` (held back: ${decision.withheld})`;
  return [
    `${symbol} ${timeframe} at ${formatStamp(time, timeframe)} UTC by ${model.name} ${model.version}: ${decision.signal}${held}`,
    `  ${names.map((name) => `${name} ${words(outputs[name] ?? Number.NaN)}`).join(', ')}`,
    '',
    `Why ${output} is at ${words(own)}, and on an ordinary day at ${words(ordinary)}:`,
    table(['indicator', '>shows', '>adds', 'word', '>degree', '>adds'], inputRows(explained, words)),
    '',
    changesText(explained),
  ].join('\n');
}

function inputRows({ inputs }: Explained, words: (value: number) => string): string[][] {
  const signed = (value: number): string => `${value < 0 ? '' : '+'}${words(value)}`;
  return inputs.flatMap(({ timeframe, indicator, reading, contribution, features }) =>
    features.map(({ id, value, contribution: own }, place) => [
      ...(place === 0 ? [`${timeframe} ${indicator}`, reading.toPrecision(6), signed(contribution)] : ['', '', '']),
      id,
      value.toFixed(3),
      signed(own),
    ]),
  );
}

function changesText({ changes }: Explained): string {
  if (changes.length === 0) return 'No single indicator would change that, whatever it showed.';
  const rows = changes.map(({ timeframe, indicator, from, to, decision }) => [
    `${timeframe} ${indicator}`,
    from.toPrecision(6),
    to.toPrecision(6),
    decision,
  ]);
  return ['What would change it, all else equal:', table(['indicator', '>shows', '>at', 'then'], rows)].join('\n');
}
