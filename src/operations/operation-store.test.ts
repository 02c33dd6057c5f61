import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OperationStatus } from './operation.ts';
import { openDatabase } from './open-database.ts';
import { OperationStore } from './operation-store.ts';
import { operation } from './records.fixture.ts';

let directory: string;
let store: OperationStore;
let owner: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ktrdr-store-'));
  store = OperationStore.open(directory);
  owner = store.claim();
});

afterEach(() => {
  store[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

const ids = (): string[] => store.list({ limit: 1_000 }).operations.map(({ id }) => id);

describe('a record', () => {
  it('does not change once it has ended', () => {
    store.insert(operation('op'), owner);
    expect(store.update(operation('op', { status: 'completed', version: 2 }), owner)).toBe(true);
    for (const status of ['failed', 'cancelled', 'running', 'completed'] as const)
      expect(store.update(operation('op', { status, version: 3 }), owner)).toBe(false);
    store.takeOver(operation('op', { status: 'running', version: 4 }), store.claim());
    expect(store.saveCheckpoint('op', owner, '{}')).toBe(false);
    expect(store.find('op')).toMatchObject({ status: 'completed', version: 2 });
  });

  it('takes nothing from an owner that a later one has replaced', () => {
    store.insert(operation('op'), owner);
    const successor = store.claim();
    store.takeOver(operation('op', { attempt: 2, version: 2 }), successor);
    expect(store.saveCheckpoint('op', successor, '{"mine":true}')).toBe(true);
    expect(store.update(operation('op', { status: 'completed', version: 3 }), owner)).toBe(false);
    expect(store.saveCheckpoint('op', owner, '{}')).toBe(false);
    store.takeOver(operation('op', { version: 3 }), owner);
    expect(store.find('op')).toMatchObject({ status: 'running', attempt: 2, version: 2 });
    expect(store.checkpoint('op')).toBe('{"mine":true}');
  });

  it('waits for the disk itself, which macOS does only where it is asked to', () => {
    using db = openDatabase(join(directory, 'operations.db'));
    expect(db.prepare('PRAGMA fullfsync').get()).toEqual({ fullfsync: 1 });
    expect(db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
  });

  it('that waited for no disk outlives its process all the same', () => {
    store.unsynced(() => store.insert(operation('op'), owner));
    const result = { mediaType: 'text/plain', bytes: new TextEncoder().encode('done') };
    expect(store.unsynced(() => store.update(operation('op', { status: 'completed' }), owner, { result }))).toBe(true);
    const asItDied = join(directory, 'as it died');
    mkdirSync(asItDied);
    for (const name of ['operations.db', 'operations.db-wal'])
      copyFileSync(join(directory, name), join(asItDied, name));
    using next = OperationStore.open(asItDied);
    expect(next.find('op')).toMatchObject({ status: 'completed' });
    expect(next.result('op')?.bytes).toEqual(result.bytes);
  });

  it('is kept with its result, or neither is', () => {
    store.insert(operation('op'), owner);
    const result = { mediaType: 'text/plain', bytes: new TextEncoder().encode('done') };
    store.update(operation('op', { status: 'completed' }), owner + 1, { result });
    expect(store.result('op')).toBeUndefined();
    store.update(operation('op', { status: 'completed' }), owner, { result });
    expect(new TextDecoder().decode(store.result('op')?.bytes)).toBe('done');
  });
});

describe('pages', () => {
  it('meet every operation that was there at the beginning exactly once, whatever happens between two of them', () => {
    const act = fc.oneof(
      fc.record({ kind: fc.constant('insert' as const), at: fc.nat(5) }),
      fc.record({ kind: fc.constant('change' as const), index: fc.nat(40) }),
    );
    const scenario = fc.record({
      times: fc.array(fc.nat(5), { maxLength: 25 }),
      limit: fc.integer({ min: 1, max: 7 }),
      between: fc.array(fc.array(act, { maxLength: 4 }), { maxLength: 30 }),
    });
    let run = 0;
    fc.assert(
      fc.property(scenario, ({ times, limit, between }) => {
        run += 1;
        const type = `run-${run}`;
        const known = times.map((createdAt, index) => operation(`${type}-${index}`, { type, createdAt }));
        for (const one of known) store.insert(one, owner);
        const wanted = known.map(({ id }) => id);
        const met: string[] = [];
        let cursor: string | undefined;
        for (let page = 0; ; page += 1) {
          const answer = store.list({ type, limit, ...(cursor === undefined ? {} : { cursor }) });
          expect(answer.total).toBe(known.length);
          met.push(...answer.operations.map(({ id }) => id));
          cursor = answer.nextCursor;
          if (cursor === undefined) break;
          for (const action of between[page] ?? []) {
            const changed = action.kind === 'change' ? known[action.index] : undefined;
            if (changed !== undefined) store.update({ ...changed, status: 'completed', version: page + 2 }, owner);
            if (action.kind === 'insert') {
              const added = operation(`${type}-${known.length}`, { type, createdAt: action.at });
              known.push(added);
              store.insert(added, owner);
            }
          }
        }
        expect(new Set(met).size).toBe(met.length);
        expect(wanted.filter((id) => !met.includes(id))).toEqual([]);
        const order = met.map((id) => known.find((one) => one.id === id)?.createdAt ?? -1);
        expect(order).toEqual(order.toSorted((a, b) => b - a));
      }),
      { numRuns: 60 },
    );
  });

  it('begin only where a page ended', () => {
    for (const cursor of ['', 'x', '12', Buffer.from('1:2; DROP TABLE operations').toString('base64url')])
      expect(() => store.list({ cursor })).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });
});

describe('prune()', () => {
  it('never touches what is unfinished, nor the parts of what is', () => {
    store.insert(operation('parent', { createdAt: 1 }), owner);
    store.insert(operation('part', { status: 'completed', parent: 'parent', createdAt: 2 }), owner);
    store.insert(operation('waits', { status: 'pending', createdAt: 3 }), owner);
    store.insert(operation('over', { status: 'failed', createdAt: 4 }), owner);
    store.prune({ maxCount: 0, maxAgeMs: 0 }, 1_000);
    expect(ids()).toEqual(['waits', 'part', 'parent']);
    store.update(operation('parent', { status: 'completed' }), owner);
    store.prune({ maxCount: 0 }, 1_000);
    expect(ids()).toEqual(['waits']);
  });

  it('goes by the time of the end, and by the number', () => {
    const ended = (id: string, endedAt: number): void =>
      store.insert(operation(id, { status: 'completed' as OperationStatus, createdAt: 0, endedAt }), owner);
    ended('old', 100);
    for (let index = 0; index < 4; index += 1) ended(`young-${index}`, 900);
    store.prune({ maxAgeMs: 500 }, 1_000);
    expect(ids()).toEqual(['young-3', 'young-2', 'young-1', 'young-0']);
    store.prune({ maxCount: 2 }, 1_000);
    expect(ids()).toEqual(['young-3', 'young-2']);
  });
});

it('keeps the last hundred durations of each type', () => {
  for (const [type, count] of [
    ['climb', 130],
    ['rest', 3],
  ] as const) {
    for (let ms = 1; ms <= count; ms += 1) {
      const id = `${type}-${ms}`;
      store.insert(operation(id, { type }), owner);
      store.update(operation(id, { type, status: 'completed', endedAt: ms }), owner, { durationMs: ms });
    }
  }
  expect(store.durations.of('climb').toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 100 }, (_, index) => index + 31),
  );
  expect(store.durations.of('rest')).toEqual([1, 2, 3]);
  expect(store.durations.of('fly')).toEqual([]);
});

describe('the form of the records', () => {
  const inDatabase = (act: (db: DatabaseSyncInstance) => void): void => {
    const db = new DatabaseSync(join(directory, 'operations.db'));
    act(db);
    db.close();
  };

  it('of the first program is brought up to date', () => {
    const { attempt: _, attempts: __, priority: ___, ...old } = operation('old', { status: 'completed', version: 7 });
    store[Symbol.dispose]();
    inDatabase((db) => {
      db.exec(`
        DROP TABLE operations; DROP TABLE durations; DROP TABLE counters; DROP TABLE metrics; DROP TABLE logs;
        PRAGMA user_version = 0;
        CREATE TABLE operations (
          seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, status TEXT NOT NULL,
          created_at REAL NOT NULL, record TEXT NOT NULL, result_type TEXT, result BLOB);
        CREATE INDEX operations_by_time ON operations (created_at DESC, seq DESC);
        CREATE INDEX operations_by_status ON operations (status);`);
      const insert = db.prepare(
        'INSERT INTO operations (id, type, status, created_at, record, result_type, result) VALUES (?, ?, ?, ?, ?, ?, ?)',
      );
      for (const id of ['old', 'twin'])
        insert.run(id, 'climb', 'completed', 0, JSON.stringify({ ...old, id }), 'text/plain', new Uint8Array([1]));
      insert.run('torn', 'climb', 'completed', 0, '{"id":', null, null);
    });
    store = OperationStore.open(directory);
    expect(store.find('old')).toEqual(operation('old', { status: 'completed', version: 7 }));
    expect(store.find('twin'), 'two operations had the same version then').toMatchObject({ version: 8 });
    expect(store.result('twin')?.bytes).toEqual(new Uint8Array([1]));
    expect(store.reservedVersion).toBe(8);
    expect(() => store.find('torn')).toThrow(expect.objectContaining({ code: 'data_corrupt' }));
    store.insert(operation('new', { version: 9 }), owner);
    store[Symbol.dispose]();
    store = OperationStore.open(directory);
    expect(store.find('new')).toEqual(operation('new', { version: 9 }));
  });

  it('of the program before has no indexes for lists, and gets them', () => {
    store.insert(operation('op', { status: 'failed' }), owner);
    store[Symbol.dispose]();
    inDatabase((db) =>
      db.exec(`
        DROP TRIGGER metrics_go_with_operations; DROP TABLE metrics;
        DROP TRIGGER logs_go_with_operations; DROP TABLE logs;
        DROP INDEX operations_unconfirmed; ALTER TABLE operations DROP COLUMN unconfirmed;
        DROP INDEX operations_by_status; DROP INDEX operations_by_type; DROP INDEX operations_by_parent;
        CREATE INDEX operations_by_status ON operations (status);
        CREATE INDEX operations_by_parent ON operations (parent) WHERE parent IS NOT NULL;
        PRAGMA user_version = 1;`),
    );
    store = OperationStore.open(directory);
    expect(store.list({ type: 'climb', status: ['failed'] })).toMatchObject({ total: 1, operations: [{ id: 'op' }] });
    inDatabase((db) => {
      const names = db.prepare("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").all();
      expect(names).toMatchObject(
        expect.arrayContaining([{ name: 'operations_by_type' }, { name: 'operations_by_status' }]) as object[],
      );
    });
  });

  it('of a newer program is refused, and left as it is', () => {
    store[Symbol.dispose]();
    inDatabase((db) => db.exec('PRAGMA user_version = 99'));
    expect(() => OperationStore.open(directory)).toThrow(
      expect.objectContaining({
        code: 'failed_precondition',
        message: expect.stringContaining('format 99') as string,
      }),
    );
    inDatabase((db) => db.exec('PRAGMA user_version = 5'));
    store = OperationStore.open(directory);
  });
});
