import { z } from 'zod';
import type { BarValue } from './columns.ts';
import type { IndicatorDefinition, IndicatorKind } from './definition.ts';
import { indicators } from './registry.ts';

/** All there is to know about an indicator before using it: plain data, for people and editors. */
export interface CatalogueEntry {
  /** What a strategy file calls it. */
  readonly id: string;
  /** Other names that a strategy file may use. */
  readonly aliases: readonly string[];
  readonly name: string;
  readonly description: string;
  readonly kind: IndicatorKind;
  readonly parameters: readonly CatalogueParameter[];
  /** The names of its columns, the main one first. */
  readonly outputs: readonly string[];
  /** The outputs that are there only when a parameter asks for them. */
  readonly optionalOutputs: readonly string[];
  /** The columns of the bars that it reads, with the defaults. */
  readonly reads: readonly BarValue[];
  /** Bars without a value before the first one, with the defaults. */
  readonly warmUp: number;
}

export interface CatalogueParameter {
  readonly name: string;
  readonly type: 'integer' | 'number' | 'boolean' | 'string';
  readonly description: string;
  readonly default: number | boolean | string;
  readonly min?: number;
  readonly max?: number;
  /** A value must lie above it. */
  readonly above?: number;
  /** A value must lie below it. */
  readonly below?: number;
  readonly options?: readonly string[];
}

/** Every indicator, made from the definitions that check a strategy's parameters, so that the two cannot differ. */
export function indicatorCatalogue(): CatalogueEntry[] {
  return indicators.map(entryOf);
}

function entryOf(definition: IndicatorDefinition): CatalogueEntry {
  const { type, aliases, name, description, kind, outputs } = definition;
  const usual = definition.configure();
  return {
    id: type,
    aliases,
    name,
    description,
    kind,
    parameters: parametersOf(definition),
    outputs,
    optionalOutputs: outputs.filter((output) => !usual.outputs.includes(output)),
    reads: usual.reads,
    warmUp: usual.warmUp,
  };
}

const written = z.object({
  properties: z.record(
    z.string(),
    z.object({
      type: z.enum(['integer', 'number', 'boolean', 'string']),
      description: z.string(),
      default: z.union([z.number(), z.boolean(), z.string()]),
      minimum: z.number().optional(),
      maximum: z.number().optional(),
      exclusiveMinimum: z.number().optional(),
      exclusiveMaximum: z.number().optional(),
      enum: z.array(z.string()).optional(),
    }),
  ),
});

function parametersOf({ parameters }: IndicatorDefinition): CatalogueParameter[] {
  const { properties } = written.parse(z.toJSONSchema(parameters));
  return Object.entries(properties).map(([name, property]) => ({
    name,
    type: property.type,
    description: property.description,
    default: property.default,
    ...(property.minimum === undefined ? {} : { min: property.minimum }),
    ...(property.maximum === undefined ? {} : { max: property.maximum }),
    ...(property.exclusiveMinimum === undefined ? {} : { above: property.exclusiveMinimum }),
    ...(property.exclusiveMaximum === undefined ? {} : { below: property.exclusiveMaximum }),
    ...(property.enum === undefined ? {} : { options: property.enum }),
  }));
}
