import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { KtrdrError, whyNot } from '../../../base/index.ts';

/**
 * Makes the directory that is to hold everything, before anything is started on it.
 * @throws KtrdrError `failed_precondition` when it cannot be made or written to.
 */
export function prepareHome(path: string): void {
  try {
    makeDirectory(path);
    // With a slash at its end a path means a directory, and nothing else.
    accessSync(`${path}/`, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new KtrdrError(
      'failed_precondition',
      `Cannot keep data in "${path}" (${whyNot('write', cause)}). Make it a directory that can be written to, or choose another with --home.`,
      { cause },
    );
  }
}

/** A recursive `mkdir` never returns where the system says ENOENT under a directory that is there, as /proc does. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have made it in the meantime.
    if (!existsSync(path)) throw error;
  }
}
