import { z } from 'zod';

/**
 * The keys that a schema knows for the map at a path, for a hint to whoever wrote another one; none where it has no fixed
 * keys. Where a key decides which others there are, the value decides.
 */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[], value: unknown): string[] {
  const [step, ...rest] = path;
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodDiscriminatedUnion) {
    const chosen = optionFor(inner, value);
    return chosen === undefined ? [] : keysAt(chosen, path, value);
  }
  if (inner instanceof z.ZodUnion) {
    const map = inner.options.find((option) => unwrapped(option) instanceof z.ZodObject);
    return map === undefined ? [] : keysAt(map, path, value);
  }
  if (inner instanceof z.ZodObject) {
    if (step === undefined) return Object.keys(inner.shape);
    const next: unknown = Object.hasOwn(inner.shape, step) ? inner.shape[String(step)] : inner.def.catchall;
    return next instanceof z.ZodType ? keysAt(next, rest, memberOf(value, step)) : [];
  }
  if (step !== undefined && inner instanceof z.ZodArray) return keysAt(inner.element, rest, memberOf(value, step));
  if (step !== undefined && inner instanceof z.ZodRecord) return keysAt(inner.valueType, rest, memberOf(value, step));
  return [];
}

/** What stands under a key of a map or at an index of a list. */
export function memberOf(value: unknown, step: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
  return (value as Record<PropertyKey, unknown>)[step];
}

function optionFor(union: z.ZodDiscriminatedUnion, value: unknown): z.core.$ZodType | undefined {
  const { discriminator } = union.def;
  const written = memberOf(value, discriminator);
  return union.options.find((option) => {
    const map = unwrapped(option);
    const field: unknown = map instanceof z.ZodObject ? map.shape[discriminator] : undefined;
    return field instanceof z.ZodType && field.safeParse(written).success;
  });
}

/** The schema under defaults, optionality, transforms and what prepares a value for it. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) return unwrapped(schema.in instanceof z.ZodTransform ? schema.out : schema.in);
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional
  ) {
    return unwrapped(schema.def.innerType);
  }
  return schema;
}
