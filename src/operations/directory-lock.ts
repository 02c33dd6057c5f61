import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { KtrdrError } from '../base/index.ts';

/** For messages: what is kept in the directory, and what to do instead of owning it. */
export interface LockWords {
  readonly content: string;
  readonly otherwise: string;
}

/**
 * Makes the caller the only owner of a directory: an open exclusive transaction on a small database of its own, which the
 * operating system ends with the process. A second owner in the same process is refused as well.
 * @throws KtrdrError `conflict` when somebody owns it, `failed_precondition` when it cannot be written to.
 */
export function lockDirectory(directory: string, { content, otherwise }: LockWords): Disposable {
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
      throw new KtrdrError('conflict', `"${directory}" is in use by ${nameOwner(owner)}, or ${otherwise}.`, { cause });
    }
    throw new KtrdrError(
      'failed_precondition',
      `Cannot keep ${content} in "${directory}": ${KtrdrError.from(cause).message}. Make it writable, or ${otherwise}.`,
      { cause },
    );
  }
  const held = db;
  return {
    [Symbol.dispose]() {
      if (held.isOpen) held.close();
    },
  };
}

const sqliteBusy = 5;

function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && 'errcode' in thrown && thrown.errcode === sqliteBusy;
}

/** Who it is, and what to do about it. */
function nameOwner(path: string): string {
  const pid = readOwner(path);
  if (pid === String(process.pid)) return `this ktrdr process (process ${pid}) already. Close what was opened first`;
  const who = pid === undefined ? 'its process id is not known' : `process ${pid}`;
  return `another ktrdr process (${who}). Stop it`;
}

function readOwner(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
