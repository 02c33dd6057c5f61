import * as z from 'zod/mini';
import { errorCodes, KtrdrError, type ProblemDetails } from './errors.ts';
import { findingsOf } from './schema-findings.ts';

/** What validates at every door: HTTP, files, environment, threads. */
export type Schema<T> = z.ZodMiniType<T>;

/**
 * Parses a value at a door of the program.
 * @throws KtrdrError `invalid_input` naming every key that is wrong, what is expected there and what was given.
 */
export function parse<T>(schema: z.core.$ZodType<T>, value: unknown, what: string): T {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  const findings = findingsOf(parsed.error.issues, { schema, root: value });
  const issues = findings.map(({ path, message }) => ({ path: path.join('.'), message }));
  const sentences = issues.map(({ message }, index) => (index === 0 ? message : capitalized(message)));
  throw new KtrdrError('invalid_input', `${what} is not valid: ${sentences.join(' ')}`, { details: { issues } });
}

/** A sentence that begins with the name of a file or of a key stays as it is. */
function capitalized(sentence: string): string {
  return sentence.replace(/^[a-z]+ /, (word) => word.charAt(0).toUpperCase() + word.slice(1));
}

export const problemSchema: Schema<ProblemDetails> = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.enum(errorCodes),
  detail: z.string(),
  details: z.exactOptional(z.record(z.string(), z.unknown())),
});
