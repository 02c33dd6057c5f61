import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogLine } from './log-line.ts';
import { keptLines } from './log-rows.ts';
import { OperationStore } from './operation-store.ts';
import { operation } from './records.fixture.ts';

let directory: string;
let store: OperationStore;
let owner: number;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ktrdr-logs-'));
  store = OperationStore.open(directory);
  owner = store.claim();
  for (const id of ['a', 'b']) store.insert(operation(id, { status: 'running' }), owner);
});
afterEach(() => {
  store[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

const line = (message: string): LogLine => ({ at: 7, level: 'info', message, fields: { rows: 1 } });
const add = (id: string, ...messages: string[]): void => store.logs.add(id, messages.map(line), { owner });
const messages = (id: string): string[] =>
  store.logs.page(id, { after: 0, limit: 5_000 }).lines.map(({ message }) => message);

describe('the log lines of an operation', () => {
  it('wait for a flush, and come back in their order, page by page', () => {
    add('a', 'one', 'two');
    add('b', 'other');
    add('a', 'three');
    expect(messages('a')).toEqual([]);
    store.flushLogs();
    const first = store.logs.page('a', { after: 0, limit: 2 });
    expect(first).toMatchObject({ lines: [line('one'), line('two')], more: true });
    const second = store.logs.page('a', { after: first.cursor, limit: 2 });
    expect(second).toMatchObject({ lines: [line('three')], more: false });
    expect(store.logs.page('a', { after: second.cursor, limit: 2 })).toEqual({
      lines: [],
      cursor: second.cursor,
      more: false,
    });
  });

  it('are the newest ones, also of more than come between two flushes', () => {
    const all = Array.from({ length: 2 * keptLines + 600 }, (_, index) => String(index));
    for (const message of all.slice(0, 300)) add('a', message);
    store.flushLogs();
    for (const message of all.slice(300)) add('a', message);
    store.flushLogs();
    expect(messages('a')).toEqual(all.slice(-keptLines));
  });

  it('are on disk when the store is closed, and go with their operation', () => {
    add('a', 'last words');
    store.update(operation('a', { status: 'failed' }), owner);
    store[Symbol.dispose]();
    store = OperationStore.open(directory);
    expect(messages('a')).toEqual(['last words']);
    add('a', 'too late');
    store.prune({ maxCount: 0 }, 1_000);
    store.flushLogs();
    expect(messages('a')).toEqual([]);
  });

  it('of whoever has lost the operation to another owner are dropped', () => {
    add('a', 'before');
    store.flushLogs();
    store.takeOver(operation('a'), owner + 1);
    add('a', 'from the dead');
    store.flushLogs();
    expect(messages('a')).toEqual(['before']);
  });

  it('that came from elsewhere say where to go on there', () => {
    expect(store.logs.cursorOf('a', 'host')).toBe(0);
    store.logs.add('a', [line('there'), line('there, too')], { owner, origin: { source: 'host', cursor: 17 } });
    add('a', 'here');
    store.flushLogs();
    expect(store.logs.cursorOf('a', 'host')).toBe(17);
    expect(store.logs.cursorOf('a', 'another host')).toBe(0);
    expect(store.logs.cursorOf('b', 'host')).toBe(0);
  });

  it('that the disk refuses are lost, and those after them are kept', () => {
    store.logs.add('a', [{ ...line('broken'), level: 1n as unknown as 'info', at: {} as number }], { owner });
    expect(() => store.flushLogs()).not.toThrow();
    add('a', 'whole');
    store.flushLogs();
    expect(messages('a')).toEqual(['whole']);
  });
});
