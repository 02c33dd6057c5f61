import * as z from 'zod/mini';

/**
 * The keys that a schema knows for the map at a path, for a hint to whoever wrote another one; none where it has no fixed
 * keys. Where a key decides which others there are, the value decides.
 */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[], value: unknown): string[] {
  const [step, ...rest] = path;
  const inner = unwrapped(schema);
  if (inner instanceof z.core.$ZodDiscriminatedUnion) {
    const chosen = optionFor(inner, value);
    return chosen === undefined ? [] : keysAt(chosen, path, value);
  }
  if (inner instanceof z.core.$ZodUnion) {
    const map = inner._zod.def.options.find((option) => unwrapped(option) instanceof z.core.$ZodObject);
    return map === undefined ? [] : keysAt(map, path, value);
  }
  const below = (next: z.core.$ZodType, at: PropertyKey): string[] => keysAt(next, rest, memberOf(value, at));
  if (inner instanceof z.core.$ZodObject) {
    const { shape, catchall } = inner._zod.def;
    if (step === undefined) return Object.keys(shape);
    const next: unknown = Object.hasOwn(shape, step) ? shape[String(step)] : catchall;
    return next instanceof z.core.$ZodType ? below(next, step) : [];
  }
  if (step !== undefined && inner instanceof z.core.$ZodArray) return below(inner._zod.def.element, step);
  if (step !== undefined && inner instanceof z.core.$ZodRecord) return below(inner._zod.def.valueType, step);
  return [];
}

/** What stands under a key of a map or at an index of a list. */
export function memberOf(value: unknown, step: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
  return (value as Record<PropertyKey, unknown>)[step];
}

function optionFor(union: z.core.$ZodDiscriminatedUnion, value: unknown): z.core.$ZodType | undefined {
  const { discriminator } = union._zod.def;
  const written = memberOf(value, discriminator);
  return union._zod.def.options.find((option) => {
    const map = unwrapped(option);
    const field: unknown = map instanceof z.core.$ZodObject ? map._zod.def.shape[discriminator] : undefined;
    return field instanceof z.core.$ZodType && z.safeParse(field, written).success;
  });
}

/** The schema under defaults, optionality, transforms and what prepares a value for it. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.core.$ZodPipe) {
    const { in: first, out: then } = schema._zod.def;
    return unwrapped(first instanceof z.core.$ZodTransform ? then : first);
  }
  if (
    schema instanceof z.core.$ZodDefault ||
    schema instanceof z.core.$ZodPrefault ||
    schema instanceof z.core.$ZodOptional
  ) {
    return unwrapped(schema._zod.def.innerType);
  }
  return schema;
}
