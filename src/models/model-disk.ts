import { readdir } from 'node:fs/promises';
import { KtrdrError, systemCode } from '../base/index.ts';

/** The names of the folders in a folder; none where there is no such folder. */
export async function foldersIn(directory: string): Promise<string[]> {
  const entries = (await ifThere(readdir(directory, { withFileTypes: true }))) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** What a reading gives, or undefined where there is nothing to read. */
export async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** What the disk has refused, as an error that says what to do; anything else as it is. */
export function refusedByDisk(thrown: unknown, path: string, what = 'saved'): unknown {
  const code = systemCode(thrown);
  if (code === undefined || thrown instanceof KtrdrError) return thrown;
  return new KtrdrError(
    'failed_precondition',
    `The model cannot be ${what} in ${path} (${code}). Check the disk's space and permissions, then try again.`,
    { cause: thrown, details: { systemCode: code } },
  );
}
