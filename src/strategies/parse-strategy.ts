import { KtrdrError } from '../base/index.ts';
import { checkReferences } from './check-references.ts';
import { sentencesOf, type Finding } from './schema-sentences.ts';
import { strategySchema } from './strategy.schema.ts';
import type { Strategy } from './strategy.ts';
import { readYaml, type YamlSource } from './yaml-source.ts';

/** Something wrong at one place of a strategy file. Lines and columns count from 1. */
export interface StrategyIssue {
  readonly line: number;
  readonly column: number;
  /** Keys joined by dots; empty for a fault of the YAML itself. */
  readonly path: string;
  readonly message: string;
}

/**
 * Reads a strategy file, grammar 3.0. Every key that is accepted has an effect; what is unknown, out of range, or
 * refers to nothing is an error with its place.
 * @param fileName for the messages.
 * @throws KtrdrError `invalid_input` with a line `file:line:column: sentence` for each issue, and `issues` in its details.
 */
export function parseStrategy(text: string, fileName = 'strategy'): Strategy {
  const read = readYaml(text);
  if ('faults' in read) {
    throw invalid(
      fileName,
      read.faults.map(({ line, column, message }) => ({ line, column, path: '', message: `${message}.` })),
    );
  }
  const { source } = read;
  const shape = strategySchema.safeParse(source.value);
  if (!shape.success)
    throw invalid(
      fileName,
      located(source, sentencesOf(shape.error.issues, { schema: strategySchema, root: source.value })),
    );

  const { strategy, errors, warnings } = checkReferences(shape.data);
  if (strategy === undefined) throw invalid(fileName, located(source, errors));
  return { ...strategy, warnings: located(source, warnings).map((issue) => lineOf(fileName, issue)) };
}

/** The first ones usually explain the rest. */
const listedIssues = 20;
const locatedIssues = 1_000;

function located(source: YamlSource, findings: readonly Finding[]): StrategyIssue[] {
  const issues = findings.slice(0, locatedIssues).map(({ path, at, message }) => ({
    ...(at === 'key' ? source.placeOfKey(path) : source.place(path)),
    path: path.join('.'),
    message,
  }));
  return issues.sort((a, b) => a.line - b.line || a.column - b.column);
}

function invalid(fileName: string, all: readonly StrategyIssue[]): KtrdrError {
  const issues = all.slice(0, listedIssues);
  const lines = issues.map((issue) => lineOf(fileName, issue));
  if (all.length > issues.length) lines.push(`${fileName}: and ${all.length - issues.length} more.`);
  return new KtrdrError('invalid_input', lines.join('\n'), { details: { file: fileName, issues } });
}

function lineOf(fileName: string, { line, column, message }: StrategyIssue): string {
  return `${fileName}:${line}:${column}: ${message}`;
}
