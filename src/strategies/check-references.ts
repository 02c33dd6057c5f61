import { KtrdrError, suggestion, type Finding } from '../base/index.ts';
import { findIndicator, type IndicatorDefinition } from '../indicators/index.ts';
import type { Timeframe } from '../market/index.ts';
import type { ResolvedReferences } from './build-strategy.ts';
import { fastest, resolveFeatures } from './resolve.ts';
import { strategyFindings } from './strategy-findings.ts';
import { nameSchema, type WrittenStrategy } from './strategy.schema.ts';
import type { FuzzySet, IndicatorOutput, IndicatorUse, NetworkInput, Strategy } from './strategy.ts';

export interface CheckedReferences {
  /** Absent when there are errors. */
  readonly references: ResolvedReferences | undefined;
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
}

/** The parts of a strategy that name each other. */
type ReferringParts = Pick<WrittenStrategy, 'training_data' | 'indicators' | 'fuzzy_sets' | 'nn_inputs'>;

/** Checks that every name in a well-formed strategy refers to something, and configures its indicators. */
export function checkReferences(written: ReferringParts): CheckedReferences {
  const errors: Finding[] = [];
  const { indicators, definitions } = configure(written, errors);
  const fuzzySets = resolveFuzzySets(written, definitions, errors);
  const inputs = resolveInputs(written, { definitions, fuzzySets }, errors);
  if (errors.length === 0)
    errors.push(...repeatedFeatures({ inputs, fuzzySets }, written.training_data.timeframes.timeframes));
  const warnings = unusedParts(written, { indicators, fuzzySets, inputs });
  if (errors.length > 0) return { references: undefined, errors, warnings };

  return { references: { indicators, fuzzySets, inputs }, errors, warnings };
}

/** What can be referred to, by the id of the indicator; undefined for one of an unknown type. */
type Definitions = ReadonlyMap<string, Outputs | undefined>;

interface Outputs {
  readonly type: string;
  readonly outputs: readonly string[];
  /** What the indicator can give, but not with these parameters. */
  readonly leftOut: readonly string[];
}

function configure(
  written: ReferringParts,
  errors: Finding[],
): { indicators: IndicatorUse[]; definitions: Definitions } {
  const indicators: IndicatorUse[] = [];
  const definitions = new Map<string, Outputs | undefined>();
  for (const [id, { type, ...given }] of Object.entries(written.indicators)) {
    const definition = definitionOf(type);
    if (definition instanceof KtrdrError) {
      definitions.set(id, undefined);
      const message = definition.message.endsWith('?') ? definition.message : `${definition.message}.`;
      errors.push({ path: ['indicators', id, 'type'], at: 'value', message });
      continue;
    }
    const parameters = definition.parameters.safeParse(given);
    const outputs = parameters.success ? definition.configure(parameters.data).outputs : definition.outputs;
    const leftOut = definition.outputs.filter((output) => !outputs.includes(output));
    definitions.set(id, { type: definition.type, outputs, leftOut });
    if (parameters.success) {
      indicators.push({ id, type: definition.type, parameters: parameters.data });
    } else {
      const base = ['indicators', id];
      errors.push(...strategyFindings(parameters.error.issues, { schema: definition.parameters, root: given, base }));
    }
  }
  return { indicators, definitions };
}

function definitionOf(type: string): IndicatorDefinition | KtrdrError {
  try {
    return findIndicator(type);
  } catch (thrown) {
    if (thrown instanceof KtrdrError && thrown.code === 'invalid_input') return thrown;
    throw thrown;
  }
}

function resolveFuzzySets(written: ReferringParts, definitions: Definitions, errors: Finding[]): FuzzySet[] {
  return Object.entries(written.fuzzy_sets).flatMap(([id, { indicator, ...members }]) => {
    const path = ['fuzzy_sets', id, 'indicator'];
    const source = outputOf(indicator, definitions);
    if (typeof source === 'string') errors.push({ path, at: 'value', message: source });
    if (Object.keys(members).length === 0) {
      errors.push({ path: ['fuzzy_sets', id], at: 'key', message: `the fuzzy set "${id}" has no members.` });
    }
    for (const member of Object.keys(members).filter((name) => !nameSchema.safeParse(name).success)) {
      const message = `"${member}" cannot be the name of a member; use letters, digits, "_" and "-".`;
      errors.push({ path: ['fuzzy_sets', id, member], at: 'key', message });
    }
    if (source === undefined || typeof source === 'string') return [];
    return [{ id, source, members: Object.entries(members).map(([name, membership]) => ({ name, membership })) }];
  });
}

/** What a reference means, or a sentence that says why it means nothing; neither for an indicator that is wrong itself. */
function outputOf(reference: string, definitions: Definitions): IndicatorOutput | string | undefined {
  const [indicator = '', output] = reference.split('.');
  if (!definitions.has(indicator)) {
    return `there is no indicator "${indicator}"; ${suggestion(indicator, [...definitions.keys()])}`;
  }
  const definition = definitions.get(indicator);
  if (definition === undefined) return undefined;
  const { outputs, leftOut, type } = definition;
  const [only] = outputs;
  if (only !== undefined && outputs.length === 1) {
    if (output === undefined) return { indicator, output: only };
    return `the indicator "${indicator}" (${type}) has a single output; write "${indicator}".`;
  }
  const choices = outputs.map((name) => `${indicator}.${name}`);
  if (output === undefined)
    return `the indicator "${indicator}" (${type}) has several outputs; use one of ${choices.join(', ')}.`;
  if (outputs.includes(output)) return { indicator, output };
  if (leftOut.includes(output))
    return `the indicator "${indicator}" (${type}) leaves out the output "${output}"; ask for it among its parameters, or use one of ${choices.join(', ')}.`;
  return `the indicator "${indicator}" (${type}) has no output "${output}"; ${suggestion(output, outputs)}`;
}

function resolveInputs(
  written: ReferringParts,
  { definitions, fuzzySets }: { definitions: Definitions; fuzzySets: readonly FuzzySet[] },
  errors: Finding[],
): NetworkInput[] {
  const known = written.training_data.timeframes.timeframes;
  const sets = Object.keys(written.fuzzy_sets);
  const refuse = (path: Finding['path'], message: string): void => void errors.push({ path, at: 'value', message });
  return written.nn_inputs.flatMap((input, index): NetworkInput[] => {
    const { timeframes, fuzzy_set: fuzzySet, raw_indicator: reference, normalization = 'none' } = input;
    if (timeframes !== 'all') checkTimeframes(timeframes, { known, path: ['nn_inputs', index, 'timeframes'] }, errors);
    if (fuzzySet !== undefined) {
      if (!sets.includes(fuzzySet)) {
        refuse(['nn_inputs', index, 'fuzzy_set'], `there is no fuzzy set "${fuzzySet}"; ${suggestion(fuzzySet, sets)}`);
      }
      return fuzzySets.some(({ id }) => id === fuzzySet) ? [{ kind: 'fuzzy', fuzzySet, timeframes }] : [];
    }
    const source = outputOf(reference ?? '', definitions);
    if (typeof source === 'string') refuse(['nn_inputs', index, 'raw_indicator'], source);
    if (source === undefined || typeof source === 'string' || reference === undefined) return [];
    return [{ kind: 'raw', reference, source, normalization, timeframes }];
  });
}

function checkTimeframes(
  timeframes: readonly Timeframe[],
  { known, path }: { known: readonly Timeframe[]; path: Finding['path'] },
  errors: Finding[],
): void {
  for (const [index, timeframe] of timeframes.entries()) {
    if (known.includes(timeframe)) continue;
    const message = `the timeframe ${timeframe} is not one of training_data.timeframes; use one of ${known.join(', ')}.`;
    errors.push({ path: [...path, index], at: 'value', message });
  }
}

/** Ids join names with "_", so different inputs can also meet in one id. */
function repeatedFeatures(
  strategy: Pick<Strategy, 'inputs' | 'fuzzySets'>,
  timeframes: readonly Timeframe[],
): Finding[] {
  const inputOf = new Map<string, number>();
  const complained = new Set<number>();
  const findings: Finding[] = [];
  for (const { feature, input } of resolveFeatures(strategy, timeframes)) {
    if (inputOf.has(feature.id) && !complained.has(input)) {
      complained.add(input);
      const message = `the feature "${feature.id}" is there already, by the input ${inputOf.get(feature.id)}.`;
      findings.push({ path: ['nn_inputs', input], at: 'value', message });
    }
    inputOf.set(feature.id, input + 1);
  }
  return findings;
}

function unusedParts(
  { training_data: data }: ReferringParts,
  { indicators, fuzzySets, inputs }: Pick<Strategy, 'indicators' | 'fuzzySets' | 'inputs'>,
): Finding[] {
  const { timeframes, base = fastest(timeframes) } = data.timeframes;
  const usedSets = new Set(inputs.flatMap((input) => (input.kind === 'fuzzy' ? [input.fuzzySet] : [])));
  const usedIndicators = new Set([
    ...fuzzySets.map(({ source }) => source.indicator),
    ...inputs.flatMap((input) => (input.kind === 'raw' ? [input.source.indicator] : [])),
  ]);
  const usedTimeframes = new Set([
    base,
    ...inputs.flatMap((input) => (input.timeframes === 'all' ? timeframes : input.timeframes)),
  ]);
  const unused = (path: Finding['path'], what: string): Finding => ({
    path,
    at: 'key',
    message: `${what} is not used.`,
  });
  return [
    ...timeframes
      .filter((timeframe) => !usedTimeframes.has(timeframe))
      .map((timeframe) => unused(['training_data', 'timeframes'], `the timeframe ${timeframe}`)),
    ...indicators
      .filter(({ id }) => !usedIndicators.has(id))
      .map(({ id }) => unused(['indicators', id], `the indicator "${id}"`)),
    ...fuzzySets
      .filter(({ id }) => !usedSets.has(id))
      .map(({ id }) => unused(['fuzzy_sets', id], `the fuzzy set "${id}"`)),
  ];
}
