import type { JsonSchema } from './json-schema.ts';
import { markdownTable } from './markdown-table.ts';

/**
 * Every key of a JSON Schema of strategies as a Markdown table: where it stands, what it may be, what it usually is, and
 * what it does. What belongs to an indicator's type or a membership's is told elsewhere.
 */
export function keyTable(schema: JsonSchema): string {
  return markdownTable(['Key', 'Values', 'Usually', 'What it does'], rowsBelow(schema, { path: '', condition: '' }));
}

type Below = JsonSchema | boolean;

interface Place {
  readonly path: string;
  /** Where the keys are those of one kind of map among several. */
  readonly condition: string;
}

function rowsBelow(schema: Below, { path, condition }: Place): string[][] {
  if (typeof schema === 'boolean' || isToldElsewhere(path)) return [];
  const { properties = {}, additionalProperties: named, items, required = [] } = schema;
  const maps = (schema.oneOf ?? schema.anyOf ?? []).filter(isMap);
  return [
    ...Object.entries(properties).flatMap(([name, below]) => {
      const key = path === '' ? name : `${path}.${name}`;
      return rowsAt(below, { key, condition, isNeeded: required.includes(name) });
    }),
    ...(typeof named === 'object' ? rowsAt(named, { key: namedKey(path), condition, isNeeded: false }) : []),
    ...(isMap(items) ? rowsBelow(items, { path: `${path}[]`, condition }) : []),
    ...rowsOfKinds(maps, path),
  ];
}

function rowsAt(
  schema: Below,
  { key, condition, isNeeded }: { key: string; condition: string; isNeeded: boolean },
): string[][] {
  if (typeof schema === 'boolean') return [];
  const what = [condition, schema.description ?? ''].filter((words) => words !== '').join(': ');
  const usual = isNeeded ? 'needed' : plain(schema.default);
  return [[`\`${key}\``, valuesOf(schema), usual, what], ...rowsBelow(schema, { path: key, condition: '' })];
}

/** Maps of several kinds: the key that tells them apart once, then those of each kind. */
function rowsOfKinds(kinds: readonly JsonSchema[], path: string): string[][] {
  const [first] = kinds;
  if (first === undefined) return [];
  const tag = Object.keys(first.properties ?? {}).find((name) => kinds.every((kind) => tagsOf(kind, name).length > 0));
  if (tag === undefined || kinds.length === 1) return kinds.flatMap((kind) => rowsBelow(kind, { path, condition: '' }));
  const values = kinds.flatMap((kind) => tagsOf(kind, tag));
  const told = first.properties?.[tag];
  const what = typeof told === 'object' ? (told.description ?? '') : '';
  return [
    [`\`${path}.${tag}\``, choices(values), 'needed', what],
    ...kinds.flatMap((kind) => {
      const { [tag]: _, ...properties } = kind.properties ?? {};
      return rowsBelow({ ...kind, properties }, { path, condition: `with ${choices(tagsOf(kind, tag))}` });
    }),
  ];
}

/** Indicators, fuzzy sets and the members of these have names of the author's choice. */
function namedKey(path: string): string {
  return path === 'fuzzy_sets.<id>' ? `${path}.<member>` : `${path}.<id>`;
}

function tagsOf({ properties = {} }: JsonSchema, name: string): unknown[] {
  const tag = properties[name];
  if (typeof tag !== 'object') return [];
  return tag.const === undefined ? (tag.enum ?? []) : [tag.const];
}

function isToldElsewhere(path: string): boolean {
  return path === 'indicators.<id>' || path === 'fuzzy_sets.<id>.<member>';
}

function isMap(schema: unknown): schema is JsonSchema {
  return typeof schema === 'object' && schema !== null && 'properties' in schema;
}

function valuesOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return choices([schema.const]);
  if (schema.enum !== undefined) return choices(schema.enum);
  const options = schema.oneOf ?? schema.anyOf;
  if (options !== undefined && schema.properties === undefined) {
    const words = options.flatMap((option) => (typeof option === 'object' ? [valuesOf(option)] : []));
    return [...new Set(words)].join(', or ');
  }
  if (schema.type === 'integer') return rangeOf('whole number', schema);
  if (schema.type === 'number') return rangeOf('number', schema);
  if (schema.type === 'boolean') return choices([true, false]);
  if (schema.type === 'array') return itemsOf(schema);
  return schema.type === 'string' ? 'text' : 'map';
}

function itemsOf({ items }: JsonSchema): string {
  return typeof items !== 'object' || Array.isArray(items) || isMap(items) ? 'list' : `list: ${valuesOf(items)}`;
}

function rangeOf(what: string, schema: JsonSchema): string {
  const { minimum: least, exclusiveMinimum: above, maximum: most, exclusiveMaximum: below } = schema;
  const bounds = [
    above === undefined ? bound('at least', least) : bound('above', above),
    below === undefined ? bound('at most', most) : bound('below', below),
  ];
  return [what, bounds.filter((words) => words !== '').join(' and ')].filter((words) => words !== '').join(' ');
}

function bound(words: string, limit: unknown): string {
  return typeof limit !== 'number' || Math.abs(limit) >= Number.MAX_SAFE_INTEGER ? '' : `${words} ${limit}`;
}

function choices(values: readonly unknown[]): string {
  return values.map((value) => `\`${String(value)}\``).join(', ');
}

/** A usual value as a file would have it. */
function plain(value: unknown): string {
  if (value === undefined || value === '') return '-';
  if (typeof value !== 'object' || value === null) return choices([value]);
  const entries = Object.entries(value).map(([key, inner]) => `${key}: ${String(inner)}`);
  return entries.length === 0 ? '-' : `\`{ ${entries.join(', ')} }\``;
}
