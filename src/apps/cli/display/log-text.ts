import type { LogLine } from '../../../operations/index.ts';
import { colours } from '../terminal.ts';
import { visible } from '../visible.ts';

const paint = { debug: colours.dim, info: colours.cyan, warn: colours.yellow, error: colours.red } as const;

/** A line of a log, for people: when, how grave, what, and its fields. */
export function logText({ at, level, message, fields }: LogLine): string {
  const facts = Object.entries(fields).map(([name, value]) => ` ${colours.dim(`${visible(name)}=`)}${shown(value)}`);
  const time = colours.dim(new Date(at).toISOString());
  return `${time} ${paint[level](level.padEnd(5))} ${visible(message)}${facts.join('')}`;
}

/** As it is where it is one word, else as JSON. */
function shown(value: unknown): string {
  const isWord = typeof value === 'string' && /^[^\s"=]+$/.test(value);
  return visible(isWord ? value : (JSON.stringify(value) ?? ''));
}
