import { suggestion } from '../base/index.ts';
import type { z } from 'zod';
import { refusedKey } from './refused-keys.ts';
import { keysAt, memberOf } from './schema-keys.ts';

type Path = readonly PropertyKey[];

/** Something to say about one place of a strategy. */
export interface Finding {
  readonly path: Path;
  /** Whether the key or the value is what is wrong. */
  readonly at: 'key' | 'value';
  readonly message: string;
}

interface Checked {
  readonly schema: z.core.$ZodType;
  /** The value that was checked. */
  readonly root: unknown;
  /** Where that value stands in the file. */
  readonly base?: Path;
}

/** What a schema found, in sentences for somebody who never saw the schema. */
export function sentencesOf(issues: readonly z.core.$ZodIssue[], { schema, root, base = [] }: Checked): Finding[] {
  return issues.flatMap((issue): Finding[] => {
    const path = [...base, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey([...path, key], keysAt(schema, issue.path, root)));
    }
    if (issue.code === 'invalid_key') {
      return [{ path, at: 'key', message: `${quoted(path)}: ${issue.issues[0]?.message ?? issue.message}.` }];
    }
    const value = valueAt(root, issue.path);
    if (value === undefined && isStandard(issue.message)) {
      return [{ path, at: 'key', message: `${quoted(path)} is missing.` }];
    }
    return [{ path, at: 'value', message: wrongValue(issue, path, value) }];
  });
}

function unknownKey(path: Path, known: readonly string[]): Finding {
  const refused = refusedKey(path);
  const key = String(path.at(-1));
  const message = refused === undefined ? `there is no key "${key}" here; ${suggestion(key, known)}` : `${refused}.`;
  return { path, at: 'key', message };
}

function wrongValue(issue: z.core.$ZodIssue, path: Path, value: unknown): string {
  const name = quoted(path);
  if (!isStandard(issue.message)) return `${name}: ${issue.message}.`;
  if (issue.code === 'invalid_type') {
    return `${name} must be ${kinds[issue.expected] ?? issue.expected}, but it is ${described(value)}.`;
  }
  if (issue.code === 'invalid_value') return wrongChoice(path, value, issue.values.map(String));
  if (issue.code === 'invalid_union' && 'options' in issue) return wrongChoice(path, value, textsIn(issue.options));
  if (issue.code === 'too_small') return `${name} ${limit('at least', issue.minimum, issue)}${actual(value)}.`;
  if (issue.code === 'too_big') return `${name} ${limit('at most', issue.maximum, issue)}${actual(value)}.`;
  return `${name}: ${issue.message}.`;
}

function textsIn(values: unknown): string[] {
  return Array.isArray(values) ? values.map(String) : [];
}

function wrongChoice(path: Path, value: unknown, known: readonly string[]): string {
  const meant = known.find((choice) => typeof value === 'number' && Number(choice) === value);
  if (meant !== undefined) return `${quoted(path)} must be text; write it in quotes: "${meant}".`;
  return `${quoted(path)} cannot be ${described(value)}; ${suggestion(String(value), known)}`;
}

interface Limit {
  readonly origin: string;
  readonly inclusive?: boolean;
}

function limit(words: string, bound: number | bigint, { origin, inclusive }: Limit): string {
  if (origin === 'array') return `must have ${words} ${bound} ${bound === 1 ? 'entry' : 'entries'}`;
  if (origin === 'string') return `must have ${words} ${bound} ${bound === 1 ? 'letter' : 'letters'}`;
  if (inclusive === false) return `must be ${words === 'at least' ? 'above' : 'below'} ${bound}`;
  return `must be ${words} ${bound}`;
}

function actual(value: unknown): string {
  return typeof value === 'number' ? `, but it is ${value}` : '';
}

const kinds: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a map',
  record: 'a map',
};

function described(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return `the text "${value.length > 40 ? `${value.slice(0, 40)}…` : value}"`;
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}

function quoted(path: Path): string {
  return path.length === 0 ? 'the strategy' : `"${path.join('.')}"`;
}

/** True for the library's own wording, as opposed to a sentence of the schema. */
function isStandard(message: string): boolean {
  return /^(Invalid|Too|Unrecognized|Expected)\b/.test(message);
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce(memberOf, root);
}
