import { gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unionRanges } from '../../market/index.ts';
import { addToLedger, cutLedger, decodeLedger, emptyLedger, encodeLedger, isCovered } from './ledger.ts';
import type { ProvenanceInterval } from './provenance.ts';

const anyRange = fc
  .tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 1, max: 20 }))
  .map(([start, length]) => ({ start: start * 60_000, end: (start + length) * 60_000 }));
const anyAnswer = fc.tuple(anyRange, fc.constantFrom('a', 'b', 'c')).map(([range, requestId]): ProvenanceInterval => ({
  ...range,
  requestId,
  source: 'test',
  fetchedAt: 5,
  settings: { adjusted: false },
  revision: 0,
}));

describe('a ledger', () => {
  it('comes back as it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRange), fc.array(anyAnswer), async (confirmedEmpty, provenance) => {
        const ledger = addToLedger(emptyLedger, { confirmedEmpty, provenance });
        expect(decodeLedger(await encodeLedger(ledger), 'ledger')).toEqual(ledger);
      }),
    );
  });

  it('knows of all that was confirmed to be empty, in whatever pieces it came', () => {
    fc.assert(
      fc.property(fc.array(fc.array(anyRange)), (pieces) => {
        const ledger = pieces.reduce(
          (known, confirmedEmpty) => addToLedger(known, { confirmedEmpty, provenance: [] }),
          emptyLedger,
        );
        expect(ledger.confirmedEmpty).toEqual(unionRanges(pieces.flat()));
      }),
    );
  });

  it('keeps hours, and is what older programs read as long as it has none', async () => {
    const date = Date.UTC(2024, 2, 6);
    const hours = [
      { date, sessions: [] },
      {
        date: date + 864e5,
        sessions: [9, 13].map((hour) => ({ date: date + 864e5, open: hour * 36e5, close: hour * 36e5 + 1 })),
      },
    ];
    const bytes = await encodeLedger({ ...emptyLedger, hours });
    expect(decodeLedger(bytes, 'ledger')).toEqual({ ...emptyLedger, hours });
    const versionOf = (ledger: Uint8Array): unknown =>
      (JSON.parse(gunzipSync(ledger).toString()) as { version: unknown }).version;
    expect([bytes, await encodeLedger(emptyLedger)].map(versionOf)).toEqual([2, 1]);
  });

  it('has the newest answer at every instant, in sorted and disjoint intervals', () => {
    fc.assert(
      fc.property(fc.array(anyAnswer, { maxLength: 8 }), anyRange, (answers, removed) => {
        const { provenance } = addToLedger(emptyLedger, { confirmedEmpty: [], provenance: answers });
        for (const [index, { start, end }] of provenance.entries()) {
          expect(start).toBeLessThan(end);
          expect(start).toBeGreaterThanOrEqual(provenance[index - 1]?.end ?? -Infinity);
        }
        const left = cutLedger({ ...emptyLedger, provenance }, removed).provenance;
        for (let at = -50; at < 70; at += 1) {
          const holds = (one: ProvenanceInterval): boolean => one.start <= at * 60_000 && at * 60_000 < one.end;
          const newest = answers.findLast(holds);
          if (newest !== undefined) expect(provenance.find(holds)?.requestId).toBe(newest.requestId);
          const isRemoved = removed.start <= at * 60_000 && at * 60_000 < removed.end;
          expect(left.find(holds)?.requestId).toBe(isRemoved ? undefined : provenance.find(holds)?.requestId);
        }
      }),
    );
  });

  it('takes a hundred thousand pieces of one answer between those of another in a moment', () => {
    const answer = { source: 'test', fetchedAt: 5, settings: {}, revision: 0 };
    const held = [{ ...answer, requestId: 'all', start: 0, end: 200_000 }];
    const pieces = Array.from({ length: 100_000 }, (_, index) => ({
      ...answer,
      requestId: 'piece',
      start: 2 * index,
      end: 2 * index + 1,
    }));
    const begunAt = performance.now();
    const { provenance } = addToLedger(
      { ...emptyLedger, provenance: held },
      { confirmedEmpty: [], provenance: pieces },
    );
    expect(performance.now() - begunAt).toBeLessThan(2_000);
    expect(provenance.length).toBe(200_000);
    expect(provenance.slice(0, 2).map(({ requestId }) => requestId)).toEqual(['piece', 'all']);
  });

  it('tells what it covers', () => {
    fc.assert(
      fc.property(fc.array(anyRange), anyRange, (ranges, wanted) => {
        const held = unionRanges(ranges);
        const isWithinOne = held.some(({ start, end }) => start <= wanted.start && wanted.end <= end);
        expect(isCovered(held, wanted)).toBe(isWithinOne);
      }),
    );
  });

  it('takes a few bytes a range, for half a million ranges of an illiquid series', async () => {
    let at = 0;
    const confirmedEmpty = Array.from({ length: 500_000 }, (_, index) => {
      const start = at + 60_000 * (1 + ((index * 7919) % 5));
      at = start + 60_000 * (1 + ((index * 104_729) % 3));
      return { start, end: at };
    });
    const bytes = await encodeLedger({ ...emptyLedger, confirmedEmpty });
    expect(bytes.length / confirmedEmpty.length).toBeLessThan(2);
    expect(decodeLedger(bytes, 'ledger').confirmedEmpty.at(-1)).toEqual(confirmedEmpty.at(-1));
  });
});
