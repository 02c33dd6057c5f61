import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

/** The part of JSON Schema that `z.toJSONSchema` writes. */
export interface Schema {
  readonly $ref?: string | undefined;
  readonly type?: string | readonly string[] | undefined;
  readonly const?: unknown;
  readonly enum?: readonly unknown[] | undefined;
  readonly anyOf?: readonly Schema[] | undefined;
  readonly oneOf?: readonly Schema[] | undefined;
  readonly items?: boolean | Schema | undefined;
  readonly prefixItems?: readonly Schema[] | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly additionalProperties?: boolean | Schema | undefined;
  readonly required?: readonly string[] | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly exclusiveMinimum?: number | undefined;
  readonly exclusiveMaximum?: number | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly pattern?: string | undefined;
  readonly format?: string | undefined;
  readonly default?: unknown;
  readonly description?: string | undefined;
}

export const schemaSchema: z.ZodType<Schema> = z.lazy(() =>
  z.looseObject({
    $ref: z.string().optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    enum: z.array(z.unknown()).optional(),
    anyOf: z.array(schemaSchema).optional(),
    oneOf: z.array(schemaSchema).optional(),
    items: z.union([z.boolean(), schemaSchema]).optional(),
    prefixItems: z.array(schemaSchema).optional(),
    properties: z.record(z.string(), schemaSchema).optional(),
    additionalProperties: z.union([z.boolean(), schemaSchema]).optional(),
    required: z.array(z.string()).optional(),
    description: z.string().optional(),
  }),
);

/** Shapes that have a name of their own wherever they occur. */
export type NamedShapes = Readonly<Record<string, Schema>>;

const columns = 100;

/** A schema as a type of TypeScript; what such a type cannot say stands behind it as a comment. */
export function typeOf(schema: Schema, named: NamedShapes, indent = ''): string {
  const [name] = Object.entries(named).find(([, shape]) => isDeepStrictEqual(shape, schema)) ?? [];
  return name ?? ownTypeOf(schema, named, indent);
}

/** As `typeOf`, also where the shape itself has a name. */
export function ownTypeOf(schema: Schema, named: NamedShapes, indent = ''): string {
  if (schema.$ref !== undefined) return schema.$ref.split('/').at(-1) ?? '';
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return union(schema.enum.map((value) => JSON.stringify(value)));
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return union(choices.map((choice) => typeOf(choice, named, indent)));
  const { type } = schema;
  if (Array.isArray(type)) return union(type.map((each) => ownTypeOf({ ...schema, type: each }, named, indent)));
  if (type === 'array') return arrayType(schema, named, indent);
  if (type === 'object') return objectType(schema, named, indent);
  if (type === 'integer') return 'number';
  return typeof type === 'string' ? type : 'unknown';
}

/** What a type does not say of its values, in words; empty when there is nothing. */
export function limitsOf(schema: Schema): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, minLength, maxLength, minItems, maxItems } = schema;
  const from = minimum ?? -Infinity;
  const to = maximum ?? Infinity;
  const words = [
    schema.type === 'integer' ? 'integer' : '',
    spanWords(from > Number.MIN_SAFE_INTEGER ? from : -Infinity, to < Number.MAX_SAFE_INTEGER ? to : Infinity),
    exclusiveMinimum === undefined ? '' : `above ${exclusiveMinimum}`,
    exclusiveMaximum === undefined ? '' : `below ${exclusiveMaximum}`,
    sizeWords(spanWords(minLength ?? -Infinity, maxLength ?? Infinity), 'characters'),
    sizeWords(spanWords(minItems ?? -Infinity, maxItems ?? Infinity), 'items'),
    schema.format ?? (schema.pattern === undefined ? '' : `matches ${schema.pattern}`),
    schema.default === undefined ? '' : `default ${JSON.stringify(schema.default)}`,
  ];
  return words.filter(Boolean).join(', ');
}

function arrayType({ items, prefixItems }: Schema, named: NamedShapes, indent: string): string {
  if (prefixItems !== undefined) return `[${prefixItems.map((item) => typeOf(item, named, indent)).join(', ')}]`;
  const item = typeof items === 'object' ? typeOf(items, named, indent) : 'unknown';
  return /^\w+$|^\{[\s\S]*\}$/.test(item) && !/\} \| \{/.test(item) ? `${item}[]` : `(${item})[]`;
}

function objectType(schema: Schema, named: NamedShapes, indent: string): string {
  const { properties = {}, required = [], additionalProperties: rest } = schema;
  const deeper = `${indent}  `;
  const fields = Object.entries(properties).map(([key, value]) => {
    const name = /^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key);
    const said = `${name}${required.includes(key) ? '' : '?'}: ${typeOf(value, named, deeper)}`;
    return { said, limits: limitsOf(value) };
  });
  if (typeof rest === 'object') fields.push({ said: `[key: string]: ${typeOf(rest, named, deeper)}`, limits: '' });
  if (fields.length === 0) return rest === false ? '{}' : 'Record<string, unknown>';
  const line = `{ ${fields.map(({ said }) => said).join('; ')} }`;
  const isShort = indent.length + line.length < columns && !line.includes('\n');
  if (isShort && fields.every(({ limits }) => limits === '')) return line;
  const lines = fields.map(({ said, limits }) => `${deeper}${said};${limits === '' ? '' : ` // ${limits}`}`);
  return `{\n${lines.join('\n')}\n${indent}}`;
}

function union(types: readonly string[]): string {
  return [...new Set(types)].join(' | ');
}

function spanWords(from: number, to: number): string {
  if (from === -Infinity && to === Infinity) return '';
  if (to === Infinity) return `at least ${from}`;
  if (from === -Infinity) return `at most ${to}`;
  return from === to ? String(from) : `${from} to ${to}`;
}

function sizeWords(span: string, unit: string): string {
  return span === '' ? '' : `${span} ${unit}`;
}
