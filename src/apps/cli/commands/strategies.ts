import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { KtrdrError, systemCode, whyNot } from '../../../base/index.ts';
import { indicatorCatalogue } from '../../../indicators/index.ts';
import type { Timeframe } from '../../../market/index.ts';
import {
  checkStrategy,
  lineOf,
  parseStrategy,
  resolvePlan,
  type Feature,
  type StrategyCheck,
} from '../../../strategies/index.ts';
import { readStrategyText } from './strategy-file.ts';
import { strategySummary } from './strategy-summary.ts';
import { colours, printJson, table, terminal } from '../terminal.ts';

interface JsonOption {
  json?: boolean;
}

export interface FeaturesOptions extends JsonOption {
  timeframes?: Timeframe[];
}

/** Exit code 2 when a strategy is not valid, or that of the error that kept a file from being read. */
export async function validate(files: readonly string[], { json = false }: JsonOption): Promise<number> {
  let exitCode = 0;
  const answers: object[] = [];
  for (const file of files) {
    const { check, error } = await checkFile(file);
    if (json) answers.push(validationAnswer(file, check, error));
    else if (check === undefined) terminal.print(`${file}: ${error?.message ?? ''}`);
    else printCheck(file, check);
    if (check?.strategy === undefined) exitCode ||= error?.exitCode ?? 2;
  }
  if (json) printJson('ktrdr.strategies.validate/1', { files: answers });
  return exitCode;
}

async function checkFile(
  file: string,
): Promise<{ check: StrategyCheck; error?: undefined } | { check?: undefined; error: KtrdrError }> {
  try {
    return { check: checkStrategy(await readStrategyText(file), file) };
  } catch (thrown) {
    return { error: KtrdrError.from(thrown) };
  }
}

function printCheck(file: string, { strategy, issues }: StrategyCheck): void {
  for (const issue of issues) {
    const line = lineOf(file, issue);
    terminal.print(issue.severity === 'error' ? line : `${colours.yellow('warning:')} ${line}`);
  }
  const errors = issues.filter(({ severity }) => severity === 'error').length;
  const inputs = strategy === undefined ? 0 : featuresOf(strategy).length;
  terminal.print(
    strategy === undefined
      ? `${file}: ${colours.red(counted(errors, 'error'))}`
      : `${file}: ${colours.green('valid')}, ${counted(inputs, 'input')}`,
  );
}

function validationAnswer(file: string, check: StrategyCheck | undefined, error: KtrdrError | undefined): object {
  const issues = check?.issues ?? [{ severity: 'error', category: 'system', message: error?.message }];
  const valid = check?.strategy !== undefined;
  const errors = issues.filter(({ severity }) => severity === 'error').length;
  return {
    success: check !== undefined,
    valid,
    file,
    strategy_name: check?.strategy?.name ?? null,
    grammar: check?.grammar ?? null,
    issues,
    available_indicators: indicatorCatalogue().map(({ id }) => id),
    message: valid ? 'The strategy is valid.' : `The strategy has ${counted(errors, 'error')}.`,
  };
}

export async function list(directory: string, { json = false }: JsonOption): Promise<void> {
  const found = await strategiesIn(directory);
  if (json) {
    printJson('ktrdr.strategies.list/1', { strategies: found.map(({ file, check }) => listEntry(file, check)) });
    return;
  }
  if (found.length === 0) {
    terminal.print(`There is no strategy in "${directory}"; write one with "ktrdr strategies new NAME".`);
    return;
  }
  const rows = found.map(({ file, check: { strategy, grammar, issues } }) => {
    if (strategy === undefined)
      return [file, '-', grammar, '-', '-', '-', '-', lineOf(file, issues.find(isError) ?? nowhere)];
    const { name, symbols, timeframes, model, training } = strategy;
    return [
      file,
      name,
      grammar,
      symbols.join(', '),
      timeframes.join(', '),
      model.type,
      training.labels.source,
      'valid',
    ];
  });
  terminal.print(table(['file', 'name', 'grammar', 'symbols', 'timeframes', 'model', 'labels', 'state'], rows));
}

const nowhere = {
  severity: 'error',
  category: 'structure',
  line: 1,
  column: 1,
  path: '',
  message: 'not valid',
} as const;
const isError = ({ severity }: { readonly severity: string }): boolean => severity === 'error';

function listEntry(file: string, { strategy, grammar, issues }: StrategyCheck): object {
  const { name, symbols, timeframes, model, training } = strategy ?? {};
  return {
    file,
    valid: strategy !== undefined,
    grammar,
    ...(strategy === undefined
      ? {}
      : { name, symbols, timeframes, model: model?.type, labels: training?.labels.source }),
    errors: issues.filter(isError).length,
  };
}

/** The YAML files that have something of a strategy; a directory has others, too. */
async function strategiesIn(directory: string): Promise<{ file: string; check: StrategyCheck }[]> {
  const names = await readdir(directory).catch((cause: unknown) => {
    const code = systemCode(cause) === 'ENOENT' ? 'not_found' : 'invalid_input';
    throw new KtrdrError(code, `Cannot list the strategies in "${directory}": ${whyNot('list', cause)}.`, { cause });
  });
  const found: { file: string; check: StrategyCheck }[] = [];
  for (const name of names.filter((name) => /\.ya?ml$/i.test(name)).sort()) {
    const text = await readStrategyText(join(directory, name)).catch(() => '');
    if (!/^(?:nn_inputs|fuzzy_sets|training_data)\s*:/m.test(text)) continue;
    found.push({ file: name, check: checkStrategy(text, name) });
  }
  return found;
}

export async function show(file: string, { json = false }: JsonOption): Promise<void> {
  const strategy = parseStrategy(await readStrategyText(file), file);
  const features = featuresOf(strategy);
  for (const warning of strategy.warnings) terminal.note(`${colours.yellow('warning:')} ${warning}`);
  if (json) printJson('ktrdr.strategies.show/1', { ...strategy, features: features.length });
  else terminal.print(strategySummary(strategy, features));
}

export async function features(file: string, { timeframes, json = false }: FeaturesOptions): Promise<void> {
  const strategy = parseStrategy(await readStrategyText(file), file);
  const plan = resolvePlan(strategy, timeframes === undefined ? {} : { timeframes });
  if (json) {
    printJson('ktrdr.strategies.features/1', {
      strategy_name: strategy.name,
      features: plan.features.map(featureAnswer),
    });
    return;
  }
  const types = new Map(strategy.indicators.map(({ id, type }) => [id, type]));
  const rows = plan.features.map((feature, index) => [
    String(index + 1),
    feature.id,
    feature.timeframe,
    sourceOf(feature, types),
    wordsOf(feature),
  ]);
  terminal.print(table(['>#', 'input', 'timeframe', 'of', 'as'], rows));
}

function featuresOf(strategy: NonNullable<StrategyCheck['strategy']>): readonly Feature[] {
  return resolvePlan({ ...strategy, warnings: [] }).features;
}

function sourceOf({ source: { indicator, output }, lag }: Feature, types: ReadonlyMap<string, string>): string {
  const column = output === 'value' ? indicator : `${indicator}.${output}`;
  return `${column} (${types.get(indicator) ?? ''})${lag === 0 ? '' : `, ${counted(lag, 'row')} before`}`;
}

function wordsOf(feature: Feature): string {
  if (feature.kind === 'raw') return feature.normalization === 'none' ? 'it is' : feature.normalization;
  const { type, parameters } = feature.membership;
  return `${type} [${parameters.join(', ')}]`;
}

function featureAnswer(feature: Feature, index: number): object {
  const { id, timeframe, lag, source } = feature;
  return {
    position: index,
    feature_id: id,
    timeframe,
    lag,
    indicator_id: source.indicator,
    indicator_output: source.output,
    ...(feature.kind === 'fuzzy'
      ? { fuzzy_set: feature.fuzzySet, membership: feature.member, shape: feature.membership }
      : { normalization: feature.normalization }),
  };
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
