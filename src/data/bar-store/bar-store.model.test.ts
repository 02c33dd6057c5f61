import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { barsFromRows, barsInRange, unionRanges, type BarRow, type Bars, type TimeRange } from '../../market/index.ts';
import type { BarSegment } from './bar-segment.ts';
import { BarStore, snapshotOf, type SeriesKey } from './index.ts';

const minute = 60_000;
const newYear = Date.UTC(2020, 0, 1);
const calendar = 'us_equities';
const logLimits = { bars: 20, bytes: 2 ** 16 };

/** A stretch of minutes around the turn of a year, where one file ends and the next begins. */
const anyRange = fc
  .record({ from: fc.integer({ min: -30, max: 60 }), count: fc.nat(25) })
  .map(({ from, count }) => ({ start: newYear + from * minute, end: newYear + (from + count) * minute }));

const anyStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      range: anyRange,
      price: fc.integer({ min: 1, max: 3 }),
      emptyMinutes: fc.nat(3),
      whereHeld: fc.constantFrom('replace', 'replace', 'keep', 'refuse'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('next' as const),
      count: fc.integer({ min: 1, max: 8 }),
      price: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), range: anyRange }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
);

it('A series is a map from stamps to bars, for its writer and for who reads along, whatever comes in which order', async () => {
  const root = await mkdtemp(join(tmpdir(), 'bar-store-model-'));
  let run = 0;
  let store = await BarStore.open(root, { logLimits });
  const reader = await BarStore.open(root, { access: 'read' });
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 7 }), anyRange, async (steps, range) => {
      run += 1;
      const key: SeriesKey = { symbol: `run ${run}`, timeframe: '1m' };
      const model = new SeriesModel();
      for (const step of steps) {
        if (step.kind === 'reopen') {
          await store[Symbol.asyncDispose]();
          store = await BarStore.open(root, { logLimits });
        } else if (step.kind === 'remove') {
          expect(await store.remove(key, step.range)).toBe(model.remove(step.range));
        } else {
          const segment = step.kind === 'next' ? model.next(step) : segmentOf(step);
          const appending = store.append(key, segment);
          const outcome = model.append(segment);
          if (outcome === 'conflict') await expect(appending).rejects.toMatchObject({ code: 'conflict' });
          else expect(await appending).toMatchObject(outcome);
        }
        for (const one of [store, reader]) await expectSame(one, { key, model, range });
      }
      expect((await store.verify(key)).issues).toEqual([]);
    }),
    { numRuns: 24 },
  );
  await rm(root, { recursive: true });
});

async function expectSame(
  store: BarStore,
  { key, model, range }: { key: SeriesKey; model: SeriesModel; range: TimeRange },
): Promise<void> {
  const { bars } = model;
  expect(await store.read(key)).toEqual(bars);
  expect(await store.stamps(key)).toEqual(bars.time);
  expect(await store.read(key, range)).toEqual(barsInRange(bars, range));
  expect(await store.stamps(key, range)).toEqual(barsInRange(bars, range).time);
  expect(await store.snapshot(key)).toEqual(snapshotOf(bars));
  expect(await store.snapshot(key, range)).toEqual(snapshotOf(barsInRange(bars, range)));
  const { count = 0, first, last, revision = 0, confirmedEmpty = [] } = (await store.info(key)) ?? {};
  expect({ count, first, last, revision, confirmedEmpty }).toEqual({
    count: bars.time.length,
    first: bars.time[0],
    last: bars.time.at(-1),
    revision: model.revision,
    confirmedEmpty: model.confirmedEmpty,
  });
}

/** What the store has to be, in the plainest form there is. */
class SeriesModel {
  revision = 0;
  #rows = new Map<number, BarRow>();
  /** Starts of the minutes in which the source has said that there is nothing. */
  #empty = new Set<number>();

  get bars(): Bars {
    return barsFromRows([...this.#rows.values()].sort((a, b) => a.time - b.time));
  }

  get confirmedEmpty(): TimeRange[] {
    return unionRanges([...this.#empty].map((start) => ({ start, end: start + minute })));
  }

  /** Bars right behind the newest. */
  next({ count, price }: { count: number; price: number }): BarSegment {
    const start = this.#rows.size === 0 ? newYear : Math.max(...this.#rows.keys()) + minute;
    return { calendar, bars: minutes({ start, end: start + count * minute }, price), confirmedEmpty: [] };
  }

  append({ bars, confirmedEmpty, whereHeld = 'replace' }: BarSegment): object | 'conflict' {
    const rows = [...bars.time].map((time, index) => rowAt(bars, time, index));
    const revised = rows.filter((row) => {
      const held = this.#rows.get(row.time);
      return held !== undefined && held.close !== row.close;
    });
    if (whereHeld === 'refuse' && revised.length > 0) return 'conflict';
    const added = rows.filter(({ time }) => !this.#rows.has(time)).length;
    const replaced = whereHeld === 'replace' ? revised.length : 0;
    for (const row of rows) if (whereHeld !== 'keep' || !this.#rows.has(row.time)) this.#rows.set(row.time, row);
    for (const { start, end } of confirmedEmpty)
      for (let stamp = start; stamp < end; stamp += minute) this.#empty.add(stamp);
    if (replaced > 0) this.revision += 1;
    return { added, unchanged: rows.length - added - replaced, revised: { count: replaced } };
  }

  remove({ start, end }: TimeRange): number {
    const isThere = (stamp: number): boolean => start <= stamp && stamp < end;
    const removed = [...this.#rows.keys()].filter(isThere);
    for (const stamp of removed) this.#rows.delete(stamp);
    for (const stamp of [...this.#empty].filter(isThere)) this.#empty.delete(stamp);
    // A series of which nothing is left is forgotten.
    if (this.#rows.size === 0 && this.#empty.size === 0) this.revision = 0;
    return removed.length;
  }
}

function segmentOf(step: {
  range: TimeRange;
  price: number;
  emptyMinutes: number;
  whereHeld: 'replace' | 'keep' | 'refuse';
}): BarSegment {
  const { range, price, emptyMinutes, whereHeld } = step;
  const confirmedEmpty = [{ start: range.end, end: range.end + emptyMinutes * minute }];
  return { calendar, bars: minutes(range, price), confirmedEmpty, whereHeld };
}

/** Equal in their minute exactly when the price is; every other one without volume. */
function minutes({ start, end }: TimeRange, price: number): Bars {
  const rows: BarRow[] = [];
  for (let time = start; time < end; time += minute) {
    const volume = (time / minute) % 2 === 0 ? Number.NaN : time / minute;
    rows.push({ time, open: price, high: price, low: price, close: price, volume });
  }
  return barsFromRows(rows);
}

function rowAt({ open, high, low, close, volume }: Bars, time: number, index: number): BarRow {
  const value = (column: Float64Array): number => column[index] ?? Number.NaN;
  return { time, open: value(open), high: value(high), low: value(low), close: value(close), volume: value(volume) };
}
