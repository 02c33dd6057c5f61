import type * as z from 'zod/mini';
import { suggestion } from './did-you-mean.ts';
import { keysAt, memberOf } from './schema-keys.ts';

type Path = readonly PropertyKey[];

/** Something to say about one place of a value. */
export interface Finding {
  readonly path: Path;
  /** Whether the key or the value is what is wrong. */
  readonly at: 'key' | 'value';
  /** A sentence. */
  readonly message: string;
}

interface Checked {
  readonly schema: z.core.$ZodType;
  /** The value that was checked. */
  readonly root: unknown;
  /** Where that value stands in a greater one. */
  readonly base?: Path;
  /** What the greatest value is called. */
  readonly whole?: string;
  /** What is said of a key that nobody knows. */
  readonly unknownKey?: (path: Path, known: readonly string[]) => string;
}

/** What a schema found, in sentences for somebody who never saw the schema: which key, what is expected, what was given. */
export function findingsOf(issues: readonly z.core.$ZodIssue[], checked: Checked): Finding[] {
  const { schema, root, base = [], whole = 'it', unknownKey = noSuchKey } = checked;
  return issues.flatMap((found): Finding[] => {
    const issue = nearestIssue(found);
    const path = [...base, ...issue.path];
    const name = path.length === 0 ? whole : `"${path.join('.')}"`;
    if (issue.code === 'unrecognized_keys') {
      const known = keysAt(schema, issue.path, root);
      return issue.keys.map((key) => ({
        path: [...path, key],
        at: 'key',
        message: sentence(unknownKey([...path, key], known)),
      }));
    }
    if (issue.code === 'invalid_key') {
      return [{ path, at: 'key', message: sentence(`${name}: ${issue.issues[0]?.message ?? issue.message}`) }];
    }
    const value = issue.path.reduce(memberOf, root);
    if (value === undefined && isStandard(issue.message)) {
      return [{ path, at: 'key', message: `${name} is missing.` }];
    }
    return [{ path, at: 'value', message: sentence(wrongValue(issue, { path, name, value })) }];
  });
}

/** Of the alternatives of a union the one that was meant: the one whose fault lies deepest. */
function nearestIssue(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union' || !isStandard(issue.message)) return issue;
  const faults = issue.errors.flatMap((alternative) => alternative.slice(0, 1)).map(nearestIssue);
  const deepest = faults.toSorted((a, b) => b.path.length - a.path.length)[0];
  if (deepest === undefined || deepest.path.length === 0) return issue;
  return { ...deepest, path: [...issue.path, ...deepest.path] };
}

function noSuchKey(path: Path, known: readonly string[]): string {
  return `there is no key "${path.join('.')}" here; ${suggestion(String(path.at(-1)), known)}`;
}

interface Place {
  readonly path: Path;
  readonly name: string;
  readonly value: unknown;
}

function wrongValue(issue: z.core.$ZodIssue, { path, name, value }: Place): string {
  if (!isStandard(issue.message)) return path.length === 0 ? issue.message : `${name}: ${issue.message}`;
  switch (issue.code) {
    case 'invalid_type':
      return `${name} must be ${kindOf(issue)}, but it is ${described(value)}`;
    case 'invalid_value':
      return wrongChoice(name, value, issue.values.map(String));
    case 'invalid_union':
      if ('options' in issue) return wrongChoice(name, value, textsIn(issue.options));
      return `${name} must be ${alternatives(issue)}, but it is ${described(value)}`;
    case 'too_small':
      return `${name} ${limit('at least', issue.minimum, issue)}${actual(value, issue)}`;
    case 'too_big':
      return `${name} ${limit('at most', issue.maximum, issue)}${actual(value, issue)}`;
    case 'invalid_format':
      return `${name} must be ${formats[issue.format] ?? `text of the form ${issue.pattern ?? issue.format}`}, but it is ${described(value)}`;
    case 'not_multiple_of':
      return `${name} must be a multiple of ${issue.divisor}${actual(value, { origin: 'number' })}`;
    case 'unrecognized_keys':
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return `${name}: ${issue.message}`;
    default:
      return issue satisfies never;
  }
}

function textsIn(values: unknown): string[] {
  return Array.isArray(values) ? values.map(String) : [];
}

function wrongChoice(name: string, value: unknown, known: readonly string[]): string {
  const meant = known.find((choice) => typeof value === 'number' && Number(choice) === value);
  if (meant !== undefined) return `${name} must be text; write it in quotes: "${meant}"`;
  return `${name} cannot be ${described(value)}; ${suggestion(String(value), known)}`;
}

function alternatives({ errors }: { readonly errors: readonly (readonly z.core.$ZodIssue[])[] }): string {
  const kinds = errors.flatMap(([issue]) => {
    if (issue?.code === 'invalid_type') return [kindOf(issue)];
    return issue?.code === 'invalid_value' ? issue.values.map((value) => JSON.stringify(value)) : [];
  });
  return [...new Set(kinds)].join(' or ');
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

function actual(value: unknown, { origin }: Limit): string {
  if (Array.isArray(value) || (typeof value === 'string' && origin === 'string')) {
    return `, but it has ${value.length === 0 ? 'none' : value.length}`;
  }
  return typeof value === 'number' || typeof value === 'string' ? `, but it is ${value}` : '';
}

function kindOf({ expected }: z.core.$ZodIssueInvalidType): string {
  return kinds[expected] ?? expected;
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

const formats: Readonly<Record<string, string>> = {
  date: 'a date such as 2024-01-31',
  datetime: 'an instant such as 2024-01-31T14:30:00Z',
  url: 'a URL',
};

function described(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return `the text "${value.length > 40 ? `${value.slice(0, 40)}…` : value}"`;
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}

function sentence(words: string): string {
  return /[.?!]$/.test(words) ? words : `${words}.`;
}

/** True for the library's own wording, false for a sentence of the schema. */
function isStandard(message: string): boolean {
  return /^(Invalid|Too|Unrecognized|Expected)\b/.test(message);
}
