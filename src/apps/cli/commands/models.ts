import { basename } from 'node:path';
import type { Timeframe } from '../../../market/index.ts';
import { areClassMetrics } from '../../../models/index.ts';
import { trainModel, type TrainModelResult } from '../../../training/index.ts';
import { listModels } from '../../model-endpoints.ts';
import { withApi } from '../api-client.ts';
import { formatDuration, formatPercent } from '../format.ts';
import { checkSpan } from '../programs/parse-options.ts';
import { partsTable } from './parts-table.ts';
import type { CommandContext } from '../programs/command.ts';
import { runLongWork, type LongWorkOptions } from '../run-operation.ts';
import { readStrategy } from './strategy-file.ts';
import { colours, printJson, table, terminal } from '../terminal.ts';

export interface TrainOptions extends LongWorkOptions {
  symbols?: string[];
  timeframes?: Timeframe[];
  start?: number;
  end?: number;
  seed?: number;
}

export async function train(
  context: CommandContext,
  path: string,
  { deadline, detach, json = false, ndjson = false, ...overrides }: TrainOptions,
): Promise<void> {
  checkSpan(overrides);
  const strategy = await readStrategy(path);
  const input = { strategy, strategyName: basename(path), ...overrides };
  const result = await runLongWork(context, { contract: trainModel, input }, { deadline, detach, json, ndjson });
  if (result === undefined) return;
  if (json || ndjson) printJson('ktrdr.models.train/1', result);
  else terminal.print(trainingSummary(result));
}

export async function list({ settings, token }: CommandContext, { json = false }: { json?: boolean }): Promise<void> {
  const { models, unreadable } = await withApi(settings, (client) => client.call(listModels, {}, token));
  for (const { name, version, problem } of unreadable) {
    terminal.note(`${colours.yellow('warning:')} ${name} ${version} is left out: ${problem}`);
  }
  if (json) printJson('ktrdr.models.list/1', { models, unreadable });
  else if (models.length === 0)
    terminal.print('There are no models yet; train one with "ktrdr models train STRATEGY.yaml".');
  else {
    const rows = models.map(({ name, version, symbols, timeframes, metrics: { test }, createdAt }) => [
      name,
      version,
      symbols.join(', '),
      timeframes.join(', '),
      test !== undefined && areClassMetrics(test) ? formatPercent(test.accuracy) : '-',
      test === undefined || areClassMetrics(test) ? '-' : formatPercent(test.directionalAccuracy),
      createdAt.slice(0, 19).replace('T', ' '),
    ]);
    terminal.print(
      table(['model', 'version', 'symbols', 'timeframes', '>test accuracy', '>test direction', 'created (UTC)'], rows),
    );
  }
}

/** What the model is worth, and what it was made from. */
export function trainingSummary({
  model,
  metrics,
  epochsTrained,
  keptEpoch,
  stoppedEarly,
  rows,
  features,
  weightsSha256,
  seed,
  durationMs,
}: TrainModelResult): string {
  const early = stoppedEarly
    ? `stopped early, the weights of epoch ${keptEpoch} are kept`
    : `the weights of epoch ${keptEpoch} are kept`;
  return [
    `${model.name} ${model.version}: ${epochsTrained} epochs in ${formatDuration(durationMs)} (${early})`,
    partsTable({ metrics, rows }),
    `  ${features} inputs, seed ${seed}, weights sha256 ${weightsSha256.slice(0, 16)}...`,
  ].join('\n');
}
