import { z } from 'zod';

/** The keys that a schema knows for the map at a path, for a hint to whoever wrote another one; none where it has no fixed keys. */
export function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const [step, ...rest] = path;
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodObject) {
    if (step === undefined) return Object.keys(inner.shape);
    const next: unknown = Object.hasOwn(inner.shape, step) ? inner.shape[String(step)] : inner.def.catchall;
    return next instanceof z.ZodType ? keysAt(next, rest) : [];
  }
  if (step !== undefined && inner instanceof z.ZodArray) return keysAt(inner.element, rest);
  if (step !== undefined && inner instanceof z.ZodRecord) return keysAt(inner.valueType, rest);
  return [];
}

/** The schema under defaults, optionality and transforms. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe) return unwrapped(schema.in);
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
