import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KtrdrError } from '../base/index.ts';
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

  it('keeps what may still run elsewhere, until that is settled', () => {
    const error = new KtrdrError('cancelled', 'Cancelled.', { details: { unconfirmed: true } }).toProblem();
    store.insert(operation('away'), owner);
    store.update(operation('away', { status: 'cancelled', error, endedAt: 0 }), owner);
    store.prune({ maxCount: 0, maxAgeMs: 0 }, 1_000);
    expect(ids()).toEqual(['away']);
    store.unconfirmed.settle('away');
    store.prune({ maxAgeMs: 0 }, 1_000);
    expect(ids()).toEqual([]);
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
