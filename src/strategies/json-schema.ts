/* oxlint-disable unicorn/no-thenable -- "then" is a word of JSON Schema. */
import { z } from 'zod';
import { findIndicator, indicatorCatalogue } from '../indicators/index.ts';
import { strategySchema } from './strategy.schema.ts';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * Grammar 3.0 as a JSON Schema (draft 2020-12), for editors: it is made from the schema that reads strategy files and
 * from the indicators. It never refuses what reading accepts, but for another spelling of an indicator's type; reading
 * checks more: what refers to what, and rules between keys.
 */
export function strategyJsonSchema(): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(strategySchema, {
    io: 'input',
    override: ({ jsonSchema, path }) => additions[path.join('/')]?.(jsonSchema),
  });
  return { ...($schema === undefined ? {} : { $schema }), title: 'A ktrdr strategy, grammar 3.0', ...schema };
}

/** What the schema that reads files does by itself, at the places where it does. */
const additions: Readonly<Record<string, (schema: JsonSchema) => void>> = {
  'properties/training_data/properties/symbols': (schema) => addChoice(schema, ['symbol', 'symbols']),
  'properties/training_data/properties/timeframes': (schema) => addChoice(schema, ['timeframe', 'timeframes']),
  'properties/indicators/additionalProperties': addIndicators,
  'properties/fuzzy_sets/additionalProperties/additionalProperties': addTriangle,
  'properties/nn_inputs/items': (schema) => {
    schema.oneOf = [{ required: ['fuzzy_set'] }, { required: ['raw_indicator'] }];
    schema['dependentRequired'] = { normalization: ['raw_indicator'] };
  },
};

/** Which keys go with which mode. */
function addChoice(schema: JsonSchema, [one, many]: readonly [one: string, many: string]): void {
  schema.if = { properties: { mode: { const: 'single' } } };
  schema.then = { required: [one], properties: { [many]: false, list: false } };
  schema.else = { properties: { [one]: false }, oneOf: [{ required: [many] }, { required: ['list'] }] };
}

/** The parameters that belong to each type. */
function addIndicators(schema: JsonSchema): void {
  const entries = indicatorCatalogue();
  const names = entries.flatMap(({ id, aliases }) => [id, ...aliases]);
  schema.properties = { type: { type: 'string', enum: names, description: 'what is computed' } };
  schema.allOf = entries.map(({ id, aliases, name, description }) => {
    const { properties = {} } = z.toJSONSchema(findIndicator(id).parameters, { io: 'input' });
    return {
      if: { properties: { type: { enum: [id, ...aliases] } }, required: ['type'] },
      then: { title: name, description, properties: { type: true, ...properties }, additionalProperties: false },
    };
  });
}

/** The short form of a membership. */
function addTriangle(schema: JsonSchema): void {
  if (schema.oneOf === undefined) return;
  const { description, ...written } = { ...schema };
  for (const key of Object.keys(schema)) delete schema[key];
  const number = { type: 'number' } as const;
  const triangle = { type: 'array', items: number, minItems: 3, maxItems: 3 } as const;
  Object.assign(schema, { description, anyOf: [triangle, written] });
}
