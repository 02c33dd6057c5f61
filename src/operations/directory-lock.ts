import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { KtrdrError } from '../base/index.ts';

/**
 * Makes the caller the only owner of a directory: an open exclusive transaction on a small database of its own, which the
 * operating system ends with the process.
 * @throws KtrdrError `conflict` when another process owns it, `failed_precondition` when it cannot be written to.
 */
export function lockDirectory(directory: string): Disposable {
  const owner = join(directory, 'owner.pid');
  let db: DatabaseSyncInstance | undefined;
  try {
    mkdirSync(directory, { recursive: true });
    db = new DatabaseSync(join(directory, 'owner.lock'), { timeout: 0 });
    db.exec('BEGIN EXCLUSIVE');
    writeFileSync(owner, `${process.pid}\n`);
  } catch (cause) {
    db?.close();
    if (isBusy(cause)) {
      throw new KtrdrError(
        'conflict',
        `"${directory}" is in use by another ktrdr process (${readOwner(owner)}). Stop it, or choose another --home.`,
        { cause },
      );
    }
    throw new KtrdrError(
      'failed_precondition',
      `Cannot keep operation records in "${directory}": ${KtrdrError.from(cause).message}. Make it writable, or choose another --home.`,
      { cause },
    );
  }
  const held = db;
  return { [Symbol.dispose]: () => held.close() };
}

const sqliteBusy = 5;

function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && 'errcode' in thrown && thrown.errcode === sqliteBusy;
}

function readOwner(path: string): string {
  try {
    return `process ${readFileSync(path, 'utf8').trim()}`;
  } catch {
    return 'its process id is not known';
  }
}
