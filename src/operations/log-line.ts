import { sep } from 'node:path';
import * as z from 'zod/mini';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** What work said of itself, or what became of it; `at` in epoch milliseconds. */
export interface LogLine {
  readonly at: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Lines in the order in which they came. `cursor` goes on behind them; `more` is false when it is worth waiting. */
export interface LogsPage {
  readonly lines: LogLine[];
  readonly cursor: number;
  readonly more: boolean;
}

export const logFieldsSchema = z.record(z.string(), z.unknown());

export const logsPageSchema = z.object({
  lines: z.array(z.object({ at: z.number(), level: z.enum(logLevels), message: z.string(), fields: logFieldsSchema })),
  cursor: z.number(),
  more: z.boolean(),
});

/** A message and its fields together, as UTF-8. */
export const maxLineBytes = 2_048;
/** A longer text ends in "...". */
const maxTextBytes = 1_000;

/**
 * A line as it is kept: bounded, and as JSON carries it. Long texts are cut, fields for which there is no place any more
 * are left out. Files below `root` are named relative to it.
 */
export function boundedLine({ at, level, message, fields }: LogLine, root?: string): LogLine {
  const text = shortened(message, root);
  let left = maxLineBytes - Buffer.byteLength(text);
  const kept = Object.entries(fields).flatMap(([name, value]) => {
    const json = jsonOf(value, root);
    if (json === undefined) return [];
    const bytes = Buffer.byteLength(name) + Buffer.byteLength(json);
    if (bytes > left) return [];
    left -= bytes;
    return [[name, JSON.parse(json) as unknown] as const];
  });
  return { at, level, message: text, fields: Object.fromEntries(kept) };
}

/** Undefined for what has no JSON: a log must not fail the work that writes it. */
function jsonOf(value: unknown, root: string | undefined): string | undefined {
  try {
    return JSON.stringify(value, (_, part: unknown) => {
      if (typeof part === 'string') return shortened(part, root);
      if (typeof part === 'bigint') return String(part);
      return part instanceof Error ? shortened(part.message, root) : part;
    });
  } catch {
    return undefined;
  }
}

function shortened(text: string, root: string | undefined): string {
  const named = root === undefined ? text : text.replaceAll(root.endsWith(sep) ? root : root + sep, '');
  // No character has less than a byte.
  if (named.length <= maxTextBytes && Buffer.byteLength(named) <= maxTextBytes) return named;
  const bytes = Buffer.from(named.slice(0, maxTextBytes)).subarray(0, maxTextBytes - 3);
  // A stream's decoder keeps back the character that is cut in two.
  return `${new TextDecoder().decode(bytes, { stream: true })}...`;
}
