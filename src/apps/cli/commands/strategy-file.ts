import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { KtrdrError, nearestName, systemCode, whyNot } from '../../../base/index.ts';
import { parseStrategy } from '../../../strategies/index.ts';
import { colours, terminal } from '../terminal.ts';

const mostBytesRead = 1024 * 1024;

/** The text of a strategy file, whatever it says. */
export async function readStrategyText(path: string): Promise<string> {
  try {
    // A device may never end; what is longer than any strategy is refused for its length later.
    return await textOf(createReadStream(path, { end: mostBytesRead - 1 }));
  } catch (cause) {
    const sentence = `Cannot read the strategy "${path}": ${whyNot('read', cause)}.`;
    if (systemCode(cause) !== 'ENOENT') throw new KtrdrError('invalid_input', sentence, { cause });
    const near = await nearestFile(path);
    throw new KtrdrError('not_found', near === undefined ? sentence : `${sentence} Did you mean "${near}"?`, { cause });
  }
}

async function nearestFile(path: string): Promise<string | undefined> {
  const names = await readdir(dirname(path)).catch((): string[] => []);
  const name = nearestName(basename(path), names);
  return name === undefined ? undefined : join(dirname(path), name);
}

/** Reads a strategy file and refuses it here, with line and column, before anything is sent anywhere. */
export async function readStrategy(path: string): Promise<string> {
  const text = await readStrategyText(path);
  const { warnings } = parseStrategy(text, path);
  for (const warning of warnings) terminal.note(`${colours.yellow('warning:')} ${warning}`);
  return text;
}
