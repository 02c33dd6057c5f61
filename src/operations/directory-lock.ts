import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { systemClock } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import { processStart } from './process-start.ts';

/** For messages: what is kept in the directory, and what to do instead of owning it. */
export interface LockWords {
  readonly content: string;
  readonly otherwise: string;
}

/** Who owns a directory, as far as it is known. */
export interface DirectoryOwner {
  /** Absent unless the process that has this id now is the owner, so that it may be sent a signal. */
  readonly pid?: number;
  /** ISO 8601. */
  readonly since?: string;
  /** Where it listens. */
  readonly address?: string;
}

export interface DirectoryLock extends Disposable {
  /** Tells whoever looks for the owner where it listens. */
  announce(address: string): void;
}

/** Somebody may be looking whether the directory is owned, which takes a moment and no longer. */
const lookMs = 50;

/**
 * Makes the caller the only owner of a directory: an open exclusive transaction on a small database of its own, which the
 * operating system ends with the process. A second owner in the same process is refused as well.
 * @throws KtrdrError `conflict` when somebody owns it, `failed_precondition` when it cannot be written to.
 */
export function lockDirectory(directory: string, { content, otherwise }: LockWords): DirectoryLock {
  const file = join(directory, ownerFile);
  const since = new Date(systemClock.now()).toISOString();
  const self = { pid: process.pid, started: processStart(process.pid), since };
  let db: DatabaseSyncInstance | undefined;
  try {
    mkdirSync(directory, { recursive: true });
    db = new DatabaseSync(join(directory, lockFile), { timeout: lookMs });
    db.exec('BEGIN EXCLUSIVE');
    writeFileSync(file, ownerLines(self));
  } catch (cause) {
    db?.close();
    if (isBusy(cause)) throw ownedBy(directory, readOwner(directory), { otherwise, cause });
    throw new KtrdrError(
      'failed_precondition',
      `Cannot keep ${content} in "${directory}": ${KtrdrError.from(cause).message}. Make it writable, or ${otherwise}.`,
      { cause },
    );
  }
  const held = db;
  return {
    announce(address) {
      try {
        writeFileSync(file, ownerLines({ ...self, address }));
      } catch {
        // Only messages would have been better for it.
      }
    },
    [Symbol.dispose]() {
      if (held.isOpen) held.close();
    },
  };
}

/** Who owns a directory now; undefined when nobody does, or when that cannot be found out. Leaves no trace. */
export function ownerOf(directory: string): DirectoryOwner | undefined {
  const path = join(directory, lockFile);
  if (!existsSync(path)) return undefined;
  let db: DatabaseSyncInstance | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    db.prepare('PRAGMA schema_version').get();
    return undefined;
  } catch (thrown) {
    return isBusy(thrown) ? readOwner(directory) : undefined;
  } finally {
    db?.close();
  }
}

/** For whoever would have to start much before it finds the directory owned. @throws KtrdrError `conflict`. */
export function refuseOwned(directory: string, otherwise: string): void {
  const owner = ownerOf(directory);
  if (owner !== undefined) throw ownedBy(directory, owner, { otherwise });
}

const lockFile = 'owner.lock';
const ownerFile = 'owner.pid';
const sqliteBusy = 5;

function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && 'errcode' in thrown && thrown.errcode === sqliteBusy;
}

/** Who it is, and what to do about it. */
function ownedBy(
  directory: string,
  { pid, since, address }: DirectoryOwner,
  { otherwise, cause }: { otherwise: string; cause?: unknown },
): KtrdrError {
  const facts = [
    pid === undefined ? 'its process id is not known' : `process ${pid}`,
    ...(since === undefined ? [] : [`since ${since.slice(0, 16).replace('T', ' ')} UTC`]),
    ...(address === undefined ? [] : [`at ${address}`]),
  ].join(', ');
  const who =
    pid === process.pid
      ? `this ktrdr process (${facts}) already. Close what was opened first`
      : `another ktrdr process (${facts}). Stop it`;
  return new KtrdrError('conflict', `"${directory}" is in use by ${who}, or ${otherwise}.`, { cause });
}

interface OwnerRecord {
  readonly pid: number;
  /** When the process began. An id alone is given to another process one day, and in a container to another one at once. */
  readonly started: string | undefined;
  readonly since: string;
  readonly address?: string;
}

/** A process id in the first line, as files of this name have it; then when it began, since when it owns, and where it listens. */
function ownerLines({ pid, started = '', since, address = '' }: OwnerRecord): string {
  return `${[pid, started, since, address].join('\n').trimEnd()}\n`;
}

function readOwner(directory: string): DirectoryOwner {
  let text = '';
  try {
    text = readFileSync(join(directory, ownerFile), 'utf8');
  } catch {
    // It is owned all the same.
  }
  const [pid = '', started = '', since = '', address = ''] = text.split('\n').map((line) => line.trim());
  const isSame = /^\d+$/.test(pid) && started !== '' && processStart(Number(pid)) === started;
  return {
    ...(isSame ? { pid: Number(pid) } : {}),
    ...(since === '' ? {} : { since }),
    ...(address === '' ? {} : { address }),
  };
}
