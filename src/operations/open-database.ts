import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import * as z from 'zod/mini';
import { KtrdrError } from '../base/index.ts';

/** What `PRAGMA user_version` says of a database of this program. */
const schemaVersion = 5;

/**
 * Opens the records, and brings those of an older program up to date.
 * @throws KtrdrError `failed_precondition` when they cannot be read or written to, or are those of a newer program;
 * `data_corrupt` when the file is no database.
 */
export function openDatabase(path: string): DatabaseSyncInstance {
  let db: DatabaseSyncInstance | undefined;
  try {
    db = new DatabaseSync(path);
    // What macOS calls synced may still be in the memory of the disk, unless the full way is asked for.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;');
    upgrade(db, path);
    return db;
  } catch (cause) {
    db?.close();
    if (cause instanceof KtrdrError) throw cause;
    const trouble = `Cannot open the operation records in "${path}": ${KtrdrError.from(cause).message}.`;
    throw isCorrupt(cause)
      ? new KtrdrError('data_corrupt', `${trouble} Move the file away to start with empty records.`, { cause })
      : new KtrdrError(
          'failed_precondition',
          `${trouble} Check the disk's space and permissions, or choose another --home.`,
          { cause },
        );
  }
}

function upgrade(db: DatabaseSyncInstance, path: string): void {
  const found = versionOf(db);
  if (found > schemaVersion) {
    throw new KtrdrError(
      'failed_precondition',
      `The operation records in "${path}" were written by a newer ktrdr (format ${found}; this one knows ${schemaVersion}). Update ktrdr, or choose another --home.`,
    );
  }
  if (found === schemaVersion) return;
  transaction(db, () => {
    if (found < 1) {
      if (hasOperations(db)) fromUnversioned(db);
      else db.exec(operationsTable);
      db.exec(otherTables);
    }
    if (found < 2) db.exec(listIndexes);
    if (found < 3) db.exec(metricsTable);
    if (found < 4) db.exec(logsTable);
    db.exec(unconfirmedColumn);
    db.exec(`PRAGMA user_version = ${schemaVersion}`);
  });
}

/** All of it or nothing. */
export function transaction<T>(db: DatabaseSyncInstance, act: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = act();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk may have rolled back already.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

const operationsTable = `
  CREATE TABLE operations (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at REAL NOT NULL,
    record TEXT NOT NULL,
    result_type TEXT,
    result BLOB,
    version INTEGER NOT NULL DEFAULT 0,
    owner INTEGER NOT NULL DEFAULT 0,
    parent TEXT,
    checkpoint TEXT
  );
  CREATE INDEX operations_by_time ON operations (created_at DESC, seq DESC);
  CREATE INDEX operations_by_status ON operations (status);`;

const otherTables = `
  CREATE INDEX operations_by_version ON operations (version);
  CREATE INDEX operations_by_parent ON operations (parent) WHERE parent IS NOT NULL;
  CREATE TABLE durations (type TEXT NOT NULL, ms REAL NOT NULL, at REAL NOT NULL);
  CREATE INDEX durations_by_type ON durations (type);
  CREATE TABLE counters (reserved INTEGER NOT NULL, owner INTEGER NOT NULL);
  INSERT INTO counters SELECT coalesce(max(version), 0), 0 FROM operations;`;

/**
 * For pages of what a filter lets through, newest first: `seq` is in every index of itself. The type and status of all
 * operations are counted from the one that has both.
 */
const listIndexes = `
  DROP INDEX operations_by_status;
  DROP INDEX operations_by_parent;
  CREATE INDEX operations_by_status ON operations (status, created_at);
  CREATE INDEX operations_by_type ON operations (type, status, created_at);
  CREATE INDEX operations_by_parent ON operations (parent, created_at) WHERE parent IS NOT NULL;`;

/** The curves of operations: a time series each, read by `seq`. */
const metricsTable = `
  CREATE TABLE metrics (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    operation TEXT NOT NULL,
    step REAL NOT NULL,
    at REAL NOT NULL,
    metrics TEXT NOT NULL
  );
  CREATE INDEX metrics_by_order ON metrics (operation, seq);
  CREATE INDEX metrics_by_step ON metrics (operation, step);
  CREATE TRIGGER metrics_go_with_operations AFTER DELETE ON operations BEGIN
    DELETE FROM metrics WHERE operation = old.id;
  END;`;

/** What work wrote on its way, read by `seq`. */
const logsTable = `
  CREATE TABLE logs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    operation TEXT NOT NULL,
    at REAL NOT NULL,
    level TEXT NOT NULL,
    message TEXT NOT NULL,
    fields TEXT NOT NULL,
    source TEXT,
    source_cursor INTEGER
  );
  CREATE INDEX logs_by_order ON logs (operation, seq);
  CREATE TRIGGER logs_go_with_operations AFTER DELETE ON operations BEGIN
    DELETE FROM logs WHERE operation = old.id;
  END;`;

/** Whether the cancel of an operation that has ended was not confirmed where its work was. */
const unconfirmedColumn = `
  ALTER TABLE operations ADD COLUMN unconfirmed INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX operations_unconfirmed ON operations (seq) WHERE unconfirmed = 1;`;

/** Records had no attempts then, and versions that rose for each operation on its own. */
function fromUnversioned(db: DatabaseSyncInstance): void {
  db.exec(`
    ALTER TABLE operations ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE operations ADD COLUMN owner INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE operations ADD COLUMN parent TEXT;
    ALTER TABLE operations ADD COLUMN checkpoint TEXT;`);
  const rows = db
    .prepare(
      `SELECT seq, json_extract(record, '$.version') AS version FROM operations WHERE json_valid(record) ORDER BY 2, 1`,
    )
    .all();
  const update = db.prepare(
    `UPDATE operations SET version = :version,
       record = json_set(record, '$.version', :version, '$.attempt', 1, '$.attempts', json('[]'), '$.priority', 0)
     WHERE seq = :seq`,
  );
  let last = 0;
  for (const row of rows) {
    const { seq, version } = unversionedRow.parse({ ...(row as object) });
    last = Math.max(last + 1, version ?? 0);
    update.run({ seq, version: last });
  }
}

const unversionedRow = z.object({ seq: z.number(), version: z.nullable(z.int()) });

function versionOf(db: DatabaseSyncInstance): number {
  return z.object({ user_version: z.number() }).parse({ ...db.prepare('PRAGMA user_version').get() }).user_version;
}

function hasOperations(db: DatabaseSyncInstance): boolean {
  return db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'operations'").get() !== undefined;
}

/** Of SQLite: a damaged database, or none. Everything else is the disk's fault, and the file is as it was. */
const corruptCodes: readonly unknown[] = [11, 26];

function isCorrupt(thrown: unknown): boolean {
  // The low byte of an extended code is the code.
  return thrown instanceof Error && 'errcode' in thrown && corruptCodes.includes(Number(thrown.errcode) & 0xff);
}
