import { z } from 'zod';
import { areClassMetrics, type PartMetrics } from './metrics.ts';
import type { StoredModel } from './model-record.ts';
import { parseStrategy } from '../strategies/index.ts';
import { dateText } from '../market/index.ts';

const named = z.object({ name: z.string(), version: z.string() });
/** Null is what one of them does not have. */
const text = z.string().nullable();
const number = z.number().nullable();
const comparedValue = z.object({ name: z.string(), first: text, second: text, same: z.boolean() });
/** The difference is the second less the first, where both have it. */
const comparedMetric = z.object({ name: z.string(), first: number, second: number, difference: number });

/** Two models side by side. */
export const comparisonSchema = z.object({
  first: named,
  second: named,
  /** Whether their weights are the same to the last bit. */
  identical: z.boolean(),
  /** Where they come from: bars, strategy, seed, program, machine. */
  lineage: z.array(comparedValue),
  /** Only what differs. */
  settings: z.array(comparedValue),
  metrics: z.array(comparedMetric),
});

type ModelComparison = z.infer<typeof comparisonSchema>;
type ComparedValue = z.infer<typeof comparedValue>;
type ComparedMetric = z.infer<typeof comparedMetric>;

export function compareModels(first: StoredModel, second: StoredModel): ModelComparison {
  return {
    first: { name: first.name, version: first.version },
    second: { name: second.name, version: second.version },
    identical: first.weightsSha256 === second.weightsSha256,
    lineage: sideBySide(lineageOf(first), lineageOf(second)),
    settings: sideBySide(settingsOf(first), settingsOf(second)).filter(({ same }) => !same),
    metrics: comparedMetrics(first, second),
  };
}

type Values = ReadonlyMap<string, string>;

function sideBySide(first: Values, second: Values): ComparedValue[] {
  return [...new Set([...first.keys(), ...second.keys()])].map((name): ComparedValue => {
    const [left = null, right = null] = [first.get(name), second.get(name)];
    return { name, first: left, second: right, same: left === right };
  });
}

function lineageOf({ metadata, createdAt, strategySha256, weightsSha256, dataFingerprint, seed }: StoredModel): Values {
  const { processor, platform, architecture, node } = metadata.machine;
  return new Map([
    ['created', createdAt],
    ['strategy', strategySha256],
    ['bars', dataFingerprint],
    ['seed', String(seed)],
    ['weights', weightsSha256],
    ['ktrdr', metadata.ktrdrVersion],
    ['backend', metadata.backend.name],
    ['machine', `${processor}, ${platform} ${architecture}, Node.js ${node}`],
    ['operation', metadata.operation],
    ...metadata.series.map(({ symbol, timeframe, bars, first, last, sha256 }): [string, string] => [
      `${symbol} ${timeframe}`,
      `${bars} bars ${dateText(first)} to ${dateText(last)}, ${sha256.slice(0, 8)}`,
    ]),
  ]);
}

function settingsOf({ metadata, features, strategy: file }: StoredModel): Values {
  const { model, classes, decisions, symbols, timeframes, range } = metadata;
  const inputs = features.features.map(
    ({ id, scale }) => `${id}${scale.method === 'none' ? '' : ` (${scale.method})`}`,
  );
  const values = new Map<string, string>();
  const { indicators, baseTimeframe } = features;
  flatten({ symbols, timeframes, range, baseTimeframe, classes, model, decisions }, '', values);
  for (const { id, type, parameters } of indicators) flatten({ type, ...parameters }, `indicators.${id}`, values);
  for (const feature of features.features) {
    if (feature.kind === 'fuzzy') flatten(feature.membership, `fuzzy.${feature.fuzzySet}.${feature.member}`, values);
  }
  values.set('inputs', inputs.join(', '));
  // Only what the file says of the training: the rest stands above as it was used, with what narrowed it down.
  const { seed: _, ...training } = parseStrategy(file).training;
  flatten(training, 'training', values);
  return values;
}

/** A value for each leaf, by its path; a list of plain values is one leaf. */
function flatten(value: unknown, path: string, into: Map<string, string>): void {
  if (value === undefined) return;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    into.set(path, Array.isArray(value) ? value.join(', ') : plain(value));
    return;
  }
  for (const [name, inner] of Object.entries(value)) flatten(inner, path === '' ? name : `${path}.${name}`, into);
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function comparedMetrics(first: StoredModel, second: StoredModel): ComparedMetric[] {
  const [left, right] = [metricsOf(first), metricsOf(second)];
  return [...new Set([...left.keys(), ...right.keys()])].map((name): ComparedMetric => {
    const [a = null, b = null] = [left.get(name), right.get(name)];
    return { name, first: a, second: b, difference: a === null || b === null ? null : b - a };
  });
}

function metricsOf({ metrics, report }: StoredModel): ReadonlyMap<string, number> {
  const values = new Map<string, number>([
    ['epochs', report.epochsTrained],
    ['kept epoch', report.keptEpoch],
  ]);
  for (const part of ['train', 'validation', 'test'] as const) {
    const of = metrics[part];
    if (of === undefined) continue;
    values.set(`${part} rows`, report.rows[part]);
    for (const [name, value] of numbersOf(of)) values.set(`${part} ${name}`, value);
  }
  return values;
}

function numbersOf(part: PartMetrics): [name: string, value: number][] {
  if (areClassMetrics(part)) {
    const { loss, accuracy, precision, recall, f1 } = part;
    return Object.entries({ loss, accuracy, precision, recall, f1 });
  }
  const { loss, meanAbsoluteError, rootMeanSquareError, r2, directionalAccuracy } = part;
  return [
    ['loss', loss],
    ['mean error', meanAbsoluteError],
    ['rms error', rootMeanSquareError],
    ['r2', r2],
    ['direction', directionalAccuracy],
  ];
}
