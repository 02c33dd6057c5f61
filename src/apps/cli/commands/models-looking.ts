import { reportPage, type StoredModel } from '../../../models/index.ts';
import type { EndpointOutput } from '../../../service/index.ts';
import { getComparison, getModel } from '../../model-endpoints.ts';
import { withApi } from '../api-client.ts';
import { formatCount, formatCounted, formatStamp } from '../format.ts';
import type { ModelReference } from '../programs/parse-options.ts';
import type { CommandContext } from '../programs/command.ts';
import { partsTable } from './parts-table.ts';
import { colours, printJson, table, terminal } from '../terminal.ts';
import { dateText } from '../../../market/index.ts';

interface JsonOption {
  json?: boolean;
}

function stored(
  { settings, token }: CommandContext,
  { name, version = 'latest' }: ModelReference,
): Promise<StoredModel> {
  return withApi(settings, (client) => client.call(getModel, { params: { name, version } }, token));
}

export async function show(
  context: CommandContext,
  model: ModelReference,
  { json = false }: JsonOption,
): Promise<void> {
  const found = await stored(context, model);
  if (json) printJson('ktrdr.models.show/1', found);
  else terminal.print(summary(found));
}

export async function report(
  context: CommandContext,
  model: ModelReference,
  { json = false }: JsonOption,
): Promise<void> {
  const found = await stored(context, model);
  if (json) printJson('ktrdr.models.report/1', found.report);
  else terminal.print(reportPage(found).trimEnd());
}

function summary({
  name,
  version,
  metadata,
  features,
  report: of,
  weightsSha256,
  strategySha256,
}: StoredModel): string {
  const { model, machine, backend, range } = metadata;
  const network =
    model.kind === 'mlp'
      ? `mlp ${[model.inputs, ...model.hiddenLayers, model.outputs].join('-')}, ${model.activation}`
      : `${model.kind}, ${model.layers} x ${model.hiddenSize} units over ${model.sequenceLength} rows, ${model.inputs} inputs`;
  const lines: [string, string][] = [
    ['created', `${metadata.createdAt.slice(0, 19).replace('T', ' ')} UTC by ktrdr ${metadata.ktrdrVersion}`],
    ['symbols', metadata.symbols.join(', ')],
    ['timeframes', `${metadata.timeframes.join(', ')}; a row for each bar of ${features.baseTimeframe}`],
    ['range', range === undefined ? 'every stored bar' : `${day(range.start)} to ${day(range.end)}, exclusive`],
    ['network', network],
    ['outputs', metadata.classes.length > 0 ? metadata.classes.join(', ') : 'a value'],
    ['epochs', `${of.epochsTrained}, the weights of epoch ${of.keptEpoch} are kept`],
    ['seed', String(metadata.seed)],
    ['backend', `${backend.name}: ${backend.why}`],
    ['machine', `${machine.processor}, ${machine.platform} ${machine.architecture}, Node.js ${machine.node}`],
    ['weights', weightsSha256],
    ['strategy', strategySha256],
    ['bars', metadata.dataFingerprint],
    ...metadata.series.flatMap(({ symbol, timeframe, bars, first, last, snapshot }): [string, string][] => [
      [
        '',
        `${symbol} ${timeframe}: ${formatCounted(bars, 'bar')}, ${formatStamp(first, timeframe)} to ${formatStamp(last, timeframe)}`,
      ],
      ['', snapshot === undefined ? '  snapshot not known: the model is older than that' : `  snapshot ${snapshot}`],
    ]),
    ['operation', metadata.operation],
  ];
  return [
    `${name} ${version}`,
    ...lines.map(([what, words]) => `  ${what.padEnd(10)}  ${words}`),
    '',
    partsTable(of),
    ...inputLines(of, features),
    ...of.warnings.map((warning) => `${colours.yellow('warning:')} ${warning}`),
  ].join('\n');
}

const day = (instant: number): string => (Math.abs(instant) < 8.64e15 ? dateText(instant) : 'the end');

/** The features that count most, where that is known. */
function inputLines({ importance }: StoredModel['report'], { features }: StoredModel['features']): string[] {
  if (importance === undefined) return [];
  const rows = importance.features
    .slice(0, 10)
    .map(({ id, lossIncrease, spread }) => [id, lossIncrease.toFixed(4), spread.toFixed(4)]);
  const rest = features.length - rows.length;
  return [
    '',
    table(['feature', '>rise of the loss without it', '>spread'], rows),
    ...(rest > 0 ? [`  and ${formatCount(rest)} more; "ktrdr models report" has all`] : []),
  ];
}

export async function compare(
  { settings, token }: CommandContext,
  [first, second]: readonly [ModelReference, ModelReference],
  { json = false }: JsonOption,
): Promise<void> {
  const query = {
    first: first.name,
    second: second.name,
    ...(first.version === undefined ? {} : { firstVersion: first.version }),
    ...(second.version === undefined ? {} : { secondVersion: second.version }),
  };
  const comparison = await withApi(settings, (client) => client.call(getComparison, { query }, token));
  if (json) printJson('ktrdr.models.compare/1', comparison);
  else terminal.print(comparisonText(comparison));
}

const longestCell = 40;

function comparisonText(comparison: EndpointOutput<typeof getComparison>): string {
  const { first, second, identical, lineage, settings, metrics } = comparison;
  const headings = [`${first.name} ${first.version}`, `${second.name} ${second.version}`];
  const cell = (text: string | null): string => {
    if (text === null) return '-';
    return text.length > longestCell ? `${text.slice(0, longestCell - 3)}...` : text;
  };
  const number = (value: number | null): string =>
    value === null ? '-' : Number.isInteger(value) ? formatCount(value) : shortNumber(value);
  return [
    identical ? 'The same weights, to the last bit.' : 'Different weights.',
    table(
      ['origin', ...headings, ''],
      lineage.map((each) => [each.name, cell(each.first), cell(each.second), each.same ? '' : 'differs']),
    ),
    settings.length === 0
      ? 'No setting differs.'
      : table(
          ['setting', ...headings],
          settings.map((each) => [each.name, cell(each.first), cell(each.second)]),
        ),
    table(
      ['metric', ...headings.map((heading) => `>${heading}`), '>difference'],
      metrics.map((each) => [each.name, number(each.first), number(each.second), number(each.difference)]),
    ),
  ].join('\n\n');
}

function shortNumber(value: number): string {
  return Math.abs(value) >= 0.001 ? value.toFixed(4) : value.toPrecision(3);
}
