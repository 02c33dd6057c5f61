import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from './open-database.ts';
import { changesQuery, countQuery, pageQuery, type OperationFilter, type Query } from './operation-query.ts';
import { operationStatuses } from './operation.ts';

const types = ['climb', 'rest'] as const;
const parents = ['whole', 'other'] as const;

let directory: string;
let db: DatabaseSyncInstance;
let rows: { seq: number; at: number; version: number; type: string; status: string; parent: string | undefined }[];

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'ktrdr-query-'));
  db = openDatabase(join(directory, 'operations.db'));
  const insert = db.prepare(
    'INSERT INTO operations (seq, id, type, status, created_at, version, parent, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  rows = Array.from({ length: 300 }, (_, index) => ({
    seq: index + 1,
    at: Math.floor(index / 3),
    // Each its own, as in a store, and in no order.
    version: (index * 8) % 301,
    type: types[index % 2] ?? '',
    status: operationStatuses[(index * index) % 6] ?? '',
    parent: parents[index % 5],
  }));
  for (const { seq, at, version, type, status, parent } of rows)
    insert.run(seq, `op-${seq}`, type, status, at, version, parent ?? null, '{}');
});

afterAll(() => {
  db.close();
  rmSync(directory, { recursive: true });
});

const filters: fc.Arbitrary<OperationFilter> = fc.record(
  {
    status: fc.subarray([...operationStatuses]),
    type: fc.constantFrom(...types, 'nothing'),
    parent: fc.constantFrom(...parents),
  },
  { requiredKeys: [] },
);

const isLetThrough = (row: (typeof rows)[number], { status, type, parent }: OperationFilter): boolean =>
  (status === undefined || status.some((one) => one === row.status)) &&
  (type === undefined || row.type === type) &&
  (parent === undefined || row.parent === parent);

const answer = ({ text, values }: Query): Record<string, unknown>[] =>
  db
    .prepare(text)
    .all(...values)
    .map((row) => ({ ...(row as object) }));

const planOf = ({ text, values }: Query): string =>
  answer({ text: `EXPLAIN QUERY PLAN ${text}`, values })
    .map(({ detail }) => String(detail))
    .join('\n');

describe('the queries of a filter', () => {
  it('let through what it says, newest first, from any place on', () => {
    const place = fc.option(fc.record({ createdAt: fc.nat(100), seq: fc.nat(301) }), { nil: undefined });
    fc.assert(
      fc.property(filters, place, fc.integer({ min: 1, max: 40 }), (filter, from, limit) => {
        const wanted = rows.filter((row) => isLetThrough(row, filter));
        expect(answer(countQuery(filter))).toEqual([{ total: wanted.length }]);
        const page = wanted
          .toReversed()
          .filter(
            ({ at, seq }) => from === undefined || at < from.createdAt || (at === from.createdAt && seq < from.seq),
          )
          .slice(0, limit);
        expect(answer(pageQuery(filter, { from, limit })).map(({ seq }) => seq)).toEqual(page.map(({ seq }) => seq));
      }),
    );
  });

  it('tell the changes after a version in their order', () => {
    fc.assert(
      fc.property(filters, fc.nat(301), fc.integer({ min: 1, max: 40 }), (filter, after, limit) => {
        const wanted = rows
          .filter((row) => row.version > after && isLetThrough(row, filter))
          .toSorted((a, b) => a.version - b.version)
          .slice(0, limit);
        expect(answer(changesQuery(filter, { after, limit })).map(({ id }) => id)).toEqual(
          wanted.map(({ seq }) => `op-${seq}`),
        );
      }),
    );
  });

  it('read no record that they do not answer with', () => {
    for (const from of [undefined, { createdAt: 50, seq: 100 }]) {
      for (const filter of [
        {},
        { type: 'climb' },
        { status: ['failed', 'running'] },
        { type: 'rest', status: ['failed'] },
      ] satisfies OperationFilter[]) {
        expect(planOf(countQuery(filter))).toContain('COVERING INDEX');
        const plan = planOf(pageQuery(filter, { from, limit: 10 }));
        const reads = plan.split('\n').filter((line) => /^(SCAN|SEARCH) operations/.test(line));
        for (const read of reads) expect(read, plan).toMatch(/COVERING INDEX|INTEGER PRIMARY KEY \(rowid=\?\)/);
        if (from !== undefined) expect(plan, 'a walk begins at its place').toMatch(/created_at(,\w+\))?</);
      }
    }
  });
});
