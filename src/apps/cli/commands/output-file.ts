import { createWriteStream } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { KtrdrError, systemCode, whyNot } from '../../../base/index.ts';

/** A file that appears when it is complete, or not at all. */
export async function toFile(chunks: Readable, output: string): Promise<void> {
  const partial = `${output}.partial-${process.pid}`;
  try {
    await pipeline(chunks, createWriteStream(partial, { flush: true }));
    await rename(partial, output);
  } catch (cause) {
    await rm(partial, { force: true });
    // What the chunks come from has failed, and has said so.
    if (cause instanceof KtrdrError || systemCode(cause) === undefined) throw cause;
    throw new KtrdrError('failed_precondition', `Cannot write "${output}": ${whyNot('write', cause)}.`, { cause });
  }
}

/**
 * The format that a name ends in, where none is chosen.
 * @throws KtrdrError `invalid_input` when the name does not tell.
 */
export function formatOfFile<T extends string>(output: string, formats: readonly T[]): T {
  const extension = extname(output).slice(1).toLowerCase();
  const known = formats.find((name) => name === extension);
  if (known !== undefined) return known;
  const endings = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(formats.map((name) => `.${name}`));
  throw new KtrdrError(
    'invalid_input',
    `The name "${output}" does not tell the format; end it in ${endings}, or choose with --format.`,
  );
}

/** @throws KtrdrError `invalid_input` where stdout is a terminal, which bytes that are no text would garble. */
export function refuseTerminal(format: string): void {
  if (!process.stdout.isTTY) return;
  throw new KtrdrError('invalid_input', `A terminal cannot show ${format}; name a file with --output.`);
}

/** A reader that has gone is no error. */
export async function toStdout(chunks: Readable): Promise<void> {
  try {
    await pipeline(chunks, process.stdout, { end: false });
  } catch (cause) {
    if (systemCode(cause) !== 'EPIPE') throw cause;
  }
}

/** @throws KtrdrError `conflict`. */
export async function mustNotExist(path: string): Promise<void> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (exists) throw new KtrdrError('conflict', `There is already a file "${path}"; replace it with --force.`);
}
