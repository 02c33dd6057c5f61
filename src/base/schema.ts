import { z } from 'zod';
import { errorCodes, KtrdrError, type ProblemDetails } from './errors.ts';

/** What validates at every door: HTTP, files, environment, threads. */
export type Schema<T> = z.ZodType<T>;

/**
 * Parses a value at a door of the program.
 * @throws KtrdrError `invalid_input` naming every field that is wrong.
 */
export function parse<T>(schema: Schema<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  const sentence = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ');
  throw new KtrdrError('invalid_input', `${what} is not valid: ${sentence}`, { details: { issues } });
}

export const problemSchema: Schema<ProblemDetails> = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.enum(errorCodes),
  detail: z.string(),
  details: z.record(z.string(), z.unknown()).exactOptional(),
});
