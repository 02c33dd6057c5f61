import { createWriteStream } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { KtrdrError, systemCode } from '../../base/index.ts';

/** A file that appears when it is complete, or not at all. */
export async function toFile(chunks: Readable, output: string): Promise<void> {
  const partial = `${output}.partial-${process.pid}`;
  try {
    await pipeline(chunks, createWriteStream(partial, { flush: true }));
    await rename(partial, output);
  } catch (cause) {
    await rm(partial, { force: true });
    if (systemCode(cause) === undefined) throw cause;
    throw new KtrdrError('failed_precondition', `Cannot write "${output}": ${KtrdrError.from(cause).message}.`, {
      cause,
    });
  }
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
