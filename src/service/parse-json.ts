import { KtrdrError } from '../base/index.ts';

/** Deeper than any value that is meant, so whatever walks one later may recurse safely. */
const deepest = 64;

/**
 * JSON from a stranger: UTF-8 without a fault, of a depth that recursion bears, with finite numbers, and without a key
 * that an assignment would take for a prototype.
 * @throws KtrdrError `invalid_input`.
 */
export function parseJson(bytes: Uint8Array): unknown {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch (cause) {
    throw new KtrdrError('invalid_input', `The body is not JSON: ${KtrdrError.from(cause).message}`, { cause });
  }
  check(value, 1);
  return value;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function check(value: unknown, depth: number): void {
  if (typeof value === 'number' && !Number.isFinite(value)) refuse('a number out of range');
  if (typeof value !== 'object' || value === null) return;
  if (depth > deepest) refuse(`more than ${deepest} levels`);
  if (Object.hasOwn(value, '__proto__')) refuse('the key "__proto__"');
  for (const item of Object.values(value)) check(item, depth + 1);
}

function refuse(what: string): never {
  throw new KtrdrError('invalid_input', `The body has ${what}.`);
}
