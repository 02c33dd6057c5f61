import { areClassMetrics, type PartMetrics } from '../metrics.ts';
import type { ModelFeatures, ModelMetadata } from '../model-record.ts';
import type { ModelReport } from './model-report.ts';
import type { PartDetails } from './part-details.ts';

interface ReportedModel {
  readonly metadata: Omit<ModelMetadata, 'format' | 'weightsSha256' | 'files'>;
  readonly features: Pick<ModelFeatures, 'baseTimeframe' | 'features'>;
  readonly report: ModelReport;
}

/** The report of a training as a page of Markdown. */
export function reportPage({ metadata, features, report }: ReportedModel): string {
  const { strategyName, symbols, timeframes, createdAt } = metadata;
  const sections = [
    `# ${strategyName}`,
    `A model for ${symbols.join(', ')} on ${timeframes.join(', ')}, trained ${createdAt.slice(0, 16).replace('T', ' ')} UTC. ` +
      `A row is a bar of ${features.baseTimeframe}.`,
    trainingSection(report),
    ...report.warnings.map((warning) => `> ${warning}`),
    partsSection(report),
    ...partSections(report, metadata.classes),
    ...importanceSection(report),
    originSection(metadata),
  ];
  return `${sections.join('\n\n')}\n`;
}

function trainingSection({ epochsTrained, keptEpoch, stoppedEarly, rows }: ModelReport): string {
  const ended = stoppedEarly ? 'and was stopped early' : 'as many as the strategy allows';
  return (
    `The training took ${epochsTrained} epochs, ${ended}; the weights are those of epoch ${keptEpoch}. ` +
    `Rows: ${rows.train} to train on, ${rows.validation} to validate, ${rows.test} to test.`
  );
}

function partsSection({ metrics, rows }: ModelReport): string {
  const lines = partNames.flatMap((name) => {
    const part = metrics[name];
    return part === undefined ? [] : [[name, String(rows[name]), ...metricCells(part)]];
  });
  const measure = 'Losses are means over the rows by their weights, in the epochs as here.';
  return `## Parts\n\n${measure}\n\n${markdownTable(['part', 'rows', ...metricHeadings(metrics.train)], lines)}`;
}

const partNames = ['train', 'validation', 'test'] as const;

function metricHeadings(part: PartMetrics): string[] {
  return areClassMetrics(part)
    ? ['loss', 'accuracy', 'precision', 'recall', 'F1']
    : ['loss', 'mean error', 'RMS error', 'R2', 'direction'];
}

function metricCells(part: PartMetrics): string[] {
  const { loss } = part;
  return areClassMetrics(part)
    ? [number(loss), percent(part.accuracy), ...[part.precision, part.recall, part.f1].map((value) => value.toFixed(3))]
    : [
        number(loss),
        number(part.meanAbsoluteError),
        number(part.rootMeanSquareError),
        part.r2.toFixed(4),
        percent(part.directionalAccuracy),
      ];
}

function partSections({ metrics, details }: ModelReport, classes: readonly string[]): string[] {
  return partNames.flatMap((name) => {
    const part = metrics[name];
    const detail = details[name];
    if (part === undefined || detail === undefined) return [];
    return [
      `## The ${name} part`,
      baselineTable(part, detail),
      ...(areClassMetrics(part) ? [classTable(detail), confusionTable(part.confusion, classes)] : []),
      symbolTable(part, detail),
      decisionTable(detail),
    ];
  });
}

/** The losses in it are plain, those of the model too. */
function baselineTable(part: PartMetrics, { plainLoss, baselines }: PartDetails): string {
  const [, ...headings] = metricHeadings(part);
  const rows = [{ name: '**the model**', metrics: { ...part, loss: plainLoss } }, ...baselines];
  return (
    `Against forecasts without a model; the loss here counts all rows the same:\n\n` +
    markdownTable(
      ['forecast', 'plain loss', ...headings],
      rows.map(({ name, metrics }) => [name, ...metricCells(metrics)]),
    )
  );
}

function classTable({ classes }: PartDetails): string {
  return markdownTable(
    ['class', 'rows', 'told', 'precision', 'recall', 'F1'],
    classes.map(({ name, rows, predicted, precision, recall, f1 }) => [
      name,
      String(rows),
      String(predicted),
      ...[precision, recall, f1].map((value) => value.toFixed(3)),
    ]),
  );
}

function confusionTable(confusion: readonly (readonly number[])[], classes: readonly string[]): string {
  const rows = confusion.map((cells, actual) => [`is ${classes[actual] ?? ''}`, ...cells.map(String)]);
  return markdownTable(['', ...classes.map((name) => `told ${name}`)], rows);
}

function symbolTable(part: PartMetrics, { symbols }: PartDetails): string {
  const [, ...headings] = metricHeadings(part);
  return markdownTable(
    ['symbol', 'plain loss', ...headings],
    symbols.map(({ symbol, metrics }) => [symbol, ...metricCells(metrics)]),
  );
}

/** What the rules of the strategy leave of what the model says. */
function decisionTable({ decisions: { signals, withheld } }: PartDetails): string {
  const given = signals.map(({ signal, rows, right }) => [
    signal,
    String(rows),
    right === null || rows === 0 ? '-' : percent(right / rows),
  ]);
  const held = withheld.map(({ rule, rows }) => [`held back: ${rule}`, String(rows), '-']);
  return markdownTable(['decision', 'rows', 'right'], [...given, ...held]);
}

function importanceSection({ importance }: ModelReport): string[] {
  if (importance === undefined) return [];
  const { part, rows, repeats, loss, features } = importance;
  return [
    '## What the model needs',
    `How much the plain loss rises from ${number(loss)} where each row gets the feature of another one: ` +
      `${rows} rows of the ${part} part, ${repeats} times.`,
    markdownTable(
      ['feature', 'rise of the loss', 'spread'],
      features.map(({ id, lossIncrease, spread }) => [`\`${id}\``, number(lossIncrease), number(spread)]),
    ),
  ];
}

function originSection(metadata: ReportedModel['metadata']): string {
  const { seed, backend, machine, ktrdrVersion, dataFingerprint, series, operation } = metadata;
  const { processor, platform, architecture, node } = machine;
  const lines = [
    `seed ${seed}`,
    `bars \`${dataFingerprint}\``,
    ...series.map(
      ({ symbol, timeframe, bars, sha256, snapshot }) =>
        `${symbol} ${timeframe}: ${bars} bars, \`${sha256}\`, ` +
        (snapshot === undefined ? 'snapshot of the store not known' : `snapshot \`${snapshot}\` of the store`),
    ),
    `ktrdr ${ktrdrVersion}, backend ${backend.name}: ${backend.why}`,
    `${processor}, ${platform} ${architecture}, Node.js ${node}`,
    `operation \`${operation}\``,
  ];
  return `## Where it comes from\n\n${lines.map((line) => `- ${line}`).join('\n')}`;
}

/** Names in the first column, numbers in the others. */
function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = headings.map((_, column) => (column === 0 ? '---' : '--:'));
  return [line(headings), line(rule), ...rows.map(line)].join('\n');
}

function number(value: number): string {
  return Math.abs(value) >= 0.001 || value === 0 ? value.toFixed(4) : value.toExponential(2);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
