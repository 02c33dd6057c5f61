import type { Document } from 'yaml';
import type { z } from 'zod';
import { KtrdrError, type Finding } from '../base/index.ts';
import { buildStrategy } from './build-strategy.ts';
import { checkReferences } from './check-references.ts';
import { checkRules } from './check-rules.ts';
import { grammarOf, type Grammar } from './grammar.ts';
import { strategyFindings } from './strategy-findings.ts';
import { strategySchema } from './strategy.schema.ts';
import type { Strategy } from './strategy.ts';
import { upgradeStrategy } from './upgrade.ts';
import { readYaml, sourceOf, type YamlSource } from './yaml-source.ts';

/** Something to say about one place of a strategy file. Lines and columns count from 1. */
export interface StrategyIssue {
  readonly severity: 'error' | 'warning';
  readonly category: 'structure' | 'indicators' | 'fuzzy_sets';
  readonly line: number;
  readonly column: number;
  /** Keys joined by dots; empty for a fault of the YAML itself. */
  readonly path: string;
  readonly message: string;
}

export interface StrategyCheck {
  /** Absent when there are errors. */
  readonly strategy: Omit<Strategy, 'warnings'> | undefined;
  readonly grammar: Grammar;
  /** In the order of the lines. */
  readonly issues: readonly StrategyIssue[];
  /** What the upgrade of an older grammar changed. */
  readonly changes: readonly StrategyIssue[];
  /** The strategy in grammar 3.0, where the file is of an older one. */
  readonly upgraded: Document | undefined;
}

/**
 * Reads a strategy file, and one of an older grammar through its upgrade. Every key that is accepted has an effect; what
 * is unknown, out of range, or refers to nothing is an error with its place.
 * @param fileName for the messages.
 * @throws KtrdrError `invalid_input` with a line `file:line:column: sentence` for each error, and `issues` in its details.
 */
export function parseStrategy(text: string, fileName = 'strategy'): Strategy {
  const { strategy, issues } = checkStrategy(text, fileName);
  const errors = issues.filter(({ severity }) => severity === 'error');
  if (strategy === undefined || errors.length > 0) throw invalid(fileName, errors);
  const warnings = issues.filter(({ severity }) => severity === 'warning');
  return { ...strategy, warnings: warnings.map((issue) => lineOf(fileName, issue)) };
}

/** All that can be said about a strategy file; never throws for what is in it. */
export function checkStrategy(text: string, fileName = 'strategy'): StrategyCheck {
  const read = readYaml(text);
  if ('faults' in read) {
    const issues = read.faults.map(({ line, column, message }) => ({
      ...said('error', ''),
      line,
      column,
      message: `${printable(message)}.`,
    }));
    return { strategy: undefined, grammar: '3.0', issues, changes: [], upgraded: undefined };
  }
  const grammar = grammarOf(read.source.value);
  const { source, remarks, changes, upgraded } = inThirdGrammar(read.source, grammar, fileName);
  const { strategy, errors, warnings } = interpret(source.value);
  const issues = [...remarks, ...located(source, 'error', errors), ...located(source, 'warning', warnings)];
  return { strategy, grammar, issues: inOrder(issues), changes: inOrder(changes), upgraded };
}

interface Interpretation {
  readonly strategy: StrategyCheck['strategy'];
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
}

function interpret(value: unknown): Interpretation {
  const shape = strategySchema.safeParse(value);
  if (!shape.success) {
    const errors = strategyFindings(shape.error.issues, { schema: strategySchema, root: value });
    return { strategy: undefined, errors: [...errors, ...faultsOfParts(value)], warnings: [] };
  }
  const { references, errors: unresolved, warnings } = checkReferences(shape.data);
  const errors = [...unresolved, ...checkRules(shape.data)];
  if (references === undefined || errors.length > 0) return { strategy: undefined, errors, warnings };
  return { strategy: buildStrategy(shape.data, references), errors, warnings };
}

const referring = strategySchema.pick({ training_data: true, indicators: true, fuzzy_sets: true, nn_inputs: true });
const ruled = strategySchema.pick({ training: true, decisions: true });

/** What can be said of well-formed parts of a strategy beside parts that are not, so that one look shows everything. */
function faultsOfParts(value: unknown): Finding[] {
  if (typeof value !== 'object' || value === null) return [];
  const partOf = (schema: z.ZodObject): object =>
    Object.fromEntries(Object.entries(value).filter(([key]) => Object.hasOwn(schema.shape, key)));
  const references = referring.safeParse(partOf(referring));
  const rules = ruled.safeParse(partOf(ruled));
  return [
    ...(references.success ? checkReferences(references.data).errors : []),
    ...(rules.success ? checkRules(rules.data) : []),
  ];
}

function inThirdGrammar(
  source: YamlSource,
  grammar: Grammar,
  fileName: string,
): { source: YamlSource; remarks: StrategyIssue[]; changes: StrategyIssue[]; upgraded: Document | undefined } {
  const upgrade = grammar === '3.0' ? undefined : upgradeStrategy(source.document, grammar);
  if (upgrade === undefined) return { source, remarks: [], changes: [], upgraded: undefined };
  const { document, notes } = upgrade;
  const message =
    `this is grammar ${grammar}, read as 3.0 with ${notes.length} changes; ` +
    `"ktrdr strategies migrate ${fileName}" names them and writes it out.`;
  return {
    source: sourceOf(document, source.positionOf),
    remarks: [{ ...said('warning', ''), line: 1, column: 1, message }],
    changes: notes.map(({ path, offset, message: change }) => ({
      ...said('warning', path),
      ...source.positionOf(offset),
      message: change,
    })),
    upgraded: document,
  };
}

function inOrder(issues: readonly StrategyIssue[]): StrategyIssue[] {
  return issues.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/** The first ones usually explain the rest. */
const listedIssues = 20;
const locatedIssues = 1_000;

function located(
  source: YamlSource,
  severity: StrategyIssue['severity'],
  findings: readonly Finding[],
): StrategyIssue[] {
  return findings.slice(0, locatedIssues).map(({ path, at, message }) => ({
    ...said(severity, path.join('.')),
    ...(at === 'key' ? source.placeOfKey(path) : source.place(path)),
    message: printable(message),
  }));
}

/** What a file says reaches a terminal, which would obey its control characters. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '\uFFFD');
}

function said(
  severity: StrategyIssue['severity'],
  path: string,
): Pick<StrategyIssue, 'severity' | 'category' | 'path'> {
  const [part] = path.split('.');
  return { severity, category: part === 'indicators' || part === 'fuzzy_sets' ? part : 'structure', path };
}

function invalid(fileName: string, all: readonly StrategyIssue[]): KtrdrError {
  const issues = all.slice(0, listedIssues);
  const lines = issues.map((issue) => lineOf(fileName, issue));
  if (all.length > issues.length) lines.push(`${fileName}: and ${all.length - issues.length} more.`);
  return new KtrdrError('invalid_input', lines.join('\n'), { details: { file: fileName, issues } });
}

/** `file:line:column: sentence`. */
export function lineOf(fileName: string, { line, column, message }: StrategyIssue): string {
  return `${fileName}:${line}:${column}: ${message}`;
}
