import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OperationStore } from './operation-store.ts';
import { operation } from './records.fixture.ts';

const unversioned = `
  CREATE TABLE operations (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, status TEXT NOT NULL,
    created_at REAL NOT NULL, record TEXT NOT NULL, result_type TEXT, result BLOB);
  CREATE INDEX operations_by_time ON operations (created_at DESC, seq DESC);
  CREATE INDEX operations_by_status ON operations (status);`;

/** What the first program with versions wrote, and what each later version added to it. */
const additions = [
  `CREATE TABLE operations (
     seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, status TEXT NOT NULL,
     created_at REAL NOT NULL, record TEXT NOT NULL, result_type TEXT, result BLOB,
     version INTEGER NOT NULL DEFAULT 0, owner INTEGER NOT NULL DEFAULT 0, parent TEXT, checkpoint TEXT);
   CREATE INDEX operations_by_time ON operations (created_at DESC, seq DESC);
   CREATE INDEX operations_by_status ON operations (status);
   CREATE INDEX operations_by_version ON operations (version);
   CREATE INDEX operations_by_parent ON operations (parent) WHERE parent IS NOT NULL;
   CREATE TABLE durations (type TEXT NOT NULL, ms REAL NOT NULL, at REAL NOT NULL);
   CREATE INDEX durations_by_type ON durations (type);
   CREATE TABLE counters (reserved INTEGER NOT NULL, owner INTEGER NOT NULL);
   INSERT INTO counters VALUES (500, 7);`,
  `DROP INDEX operations_by_status;
   DROP INDEX operations_by_parent;
   CREATE INDEX operations_by_status ON operations (status, created_at);
   CREATE INDEX operations_by_type ON operations (type, status, created_at);
   CREATE INDEX operations_by_parent ON operations (parent, created_at) WHERE parent IS NOT NULL;`,
  `CREATE TABLE metrics (
     seq INTEGER PRIMARY KEY AUTOINCREMENT, operation TEXT NOT NULL, step REAL NOT NULL, at REAL NOT NULL,
     metrics TEXT NOT NULL);
   CREATE INDEX metrics_by_order ON metrics (operation, seq);
   CREATE INDEX metrics_by_step ON metrics (operation, step);
   CREATE TRIGGER metrics_go_with_operations AFTER DELETE ON operations BEGIN
     DELETE FROM metrics WHERE operation = old.id;
   END;`,
  `CREATE TABLE logs (
     seq INTEGER PRIMARY KEY AUTOINCREMENT, operation TEXT NOT NULL, at REAL NOT NULL, level TEXT NOT NULL,
     message TEXT NOT NULL, fields TEXT NOT NULL, source TEXT, source_cursor INTEGER);
   CREATE INDEX logs_by_order ON logs (operation, seq);
   CREATE TRIGGER logs_go_with_operations AFTER DELETE ON operations BEGIN
     DELETE FROM logs WHERE operation = old.id;
   END;`,
];
const newest = additions.length + 1;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ktrdr-records-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

function inDatabase<T>(act: (db: DatabaseSyncInstance) => T, file = join(directory, 'operations.db')): T {
  const db = new DatabaseSync(file);
  try {
    return act(db);
  } finally {
    db.close();
  }
}

const columns = ['operations', 'durations', 'counters', 'metrics', 'logs'];

/** What a database has, whatever the order in which it came to it. */
function formOf(db: DatabaseSyncInstance): unknown {
  const parts = db.prepare("SELECT type, name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").all();
  const shown = [
    ...parts.map((part) => Object.values({ ...(part as object) }).join(' ')),
    ...columns.flatMap((table) =>
      db
        .prepare('SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?)')
        .all(table)
        .map((column) => `${table} ${Object.values({ ...(column as object) }).join(' ')}`),
    ),
    ...db
      .prepare(
        `SELECT i.name, group_concat(c.name || ' ' || c."desc") AS columns
           FROM sqlite_master AS i, pragma_index_xinfo(i.name) AS c WHERE i.type = 'index' AND c.key GROUP BY 1`,
      )
      .all()
      .map((index) => Object.values({ ...(index as object) }).join(': ')),
  ];
  return { version: db.prepare('PRAGMA user_version').get(), shown: shown.toSorted() };
}

const formOfNew = (): unknown => {
  const fresh = join(directory, 'fresh');
  OperationStore.open(fresh)[Symbol.dispose]();
  return inDatabase(formOf, join(fresh, 'operations.db'));
};

describe('records of an older program', () => {
  it('without a version get one, attempts, and versions of their own', () => {
    const { attempt: _, attempts: __, priority: ___, ...old } = operation('old', { status: 'completed', version: 7 });
    inDatabase((db) => {
      db.exec(unversioned);
      const insert = db.prepare(
        'INSERT INTO operations (id, type, status, created_at, record, result_type, result) VALUES (?, ?, ?, ?, ?, ?, ?)',
      );
      for (const id of ['old', 'twin'])
        insert.run(id, 'climb', 'completed', 0, JSON.stringify({ ...old, id }), 'text/plain', new Uint8Array([1]));
      insert.run('torn', 'climb', 'completed', 0, '{"id":', null, null);
    });
    {
      using store = OperationStore.open(directory);
      expect(store.find('old')).toEqual(operation('old', { status: 'completed', version: 7 }));
      expect(store.find('twin'), 'two operations had the same version then').toMatchObject({ version: 8 });
      expect(store.result('twin')?.bytes).toEqual(new Uint8Array([1]));
      expect(store.reservedVersion).toBe(8);
      expect(() => store.find('torn')).toThrow(expect.objectContaining({ code: 'data_corrupt' }));
      store.insert(operation('new', { version: 9 }), store.claim());
    }
    expect(inDatabase(formOf)).toEqual(formOfNew());
    using again = OperationStore.open(directory);
    expect(again.find('new')).toEqual(operation('new', { version: 9 }));
  });

  it.each(additions.map((_, index) => index + 1))('of version %i are all there in the newest form', (version) => {
    const ended = operation('ended', { status: 'failed', version: 3 });
    inDatabase((db) => {
      for (const sql of additions.slice(0, version)) db.exec(sql);
      const insert = db.prepare(
        `INSERT INTO operations (id, type, status, created_at, record, version, owner, parent, checkpoint)
           VALUES (?, 'climb', ?, 0, ?, ?, 7, ?, '{"at":1}')`,
      );
      for (const one of [ended, operation('part', { version: 4, parent: 'ended' })])
        insert.run(one.id, one.status, JSON.stringify(one), one.version, one.parent ?? null);
      db.exec("INSERT INTO durations VALUES ('climb', 5, 1)");
      if (version >= 3) db.exec("INSERT INTO metrics VALUES (1, 'ended', 1, 2, '{\"loss\":3}')");
      if (version >= 4) db.exec("INSERT INTO logs VALUES (1, 'ended', 1, 'info', 'said', '{}', NULL, NULL)");
      db.exec(`PRAGMA user_version = ${version}`);
    });
    {
      using store = OperationStore.open(directory);
      expect(store.find('ended')).toEqual(ended);
      expect(store.list({ type: 'climb', status: ['failed'] })).toMatchObject({
        total: 1,
        operations: [{ id: 'ended' }],
      });
      expect(store.list({ parent: 'ended' }).total).toBe(1);
      expect(store.checkpoint('part')).toBe('{"at":1}');
      expect(store.unfinished()).toEqual(['part']);
      expect(store.durations.of('climb')).toEqual([5]);
      expect(store.reservedVersion).toBe(500);
      expect(store.claim()).toBe(8);
      expect(store.metrics.page('ended', { after: 0, limit: 9 }).points).toHaveLength(version >= 3 ? 1 : 0);
      expect(store.logs.page('ended', { after: 0, limit: 9 }).lines).toHaveLength(version >= 4 ? 1 : 0);
      expect(store.unconfirmed.takeOver(8)).toEqual([]);
    }
    expect(inDatabase(formOf)).toEqual(formOfNew());
  });
});

it('refuses records of a newer program, and leaves them as they are', () => {
  OperationStore.open(directory)[Symbol.dispose]();
  inDatabase((db) => db.exec('PRAGMA user_version = 99'));
  const before = inDatabase(formOf);
  expect(() => OperationStore.open(directory)).toThrow(
    expect.objectContaining({
      code: 'failed_precondition',
      message: expect.stringContaining(`format 99; this one knows ${newest}`) as string,
    }),
  );
  expect(inDatabase(formOf)).toEqual(before);
});
