import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CancellationToken } from '../../async/index.ts';
import { barsFromRows, barsInRange, emptyBars, type Bars, type TimeRange } from '../../market/index.ts';
import { compareWithStored, maxBroughtRanges } from './compare-with-stored.ts';
import { importConflicts } from '../choices.ts';

const begin = Date.UTC(2024, 0, 2);
const stampOf = (minute: number): number => begin + minute * 60_000;

function barsOf(closes: ReadonlyMap<number, number>): Bars {
  const rows = [...closes].sort(([a], [b]) => a - b);
  return barsFromRows(
    rows.map(([minute, close]) => ({ time: stampOf(minute), open: 1, high: 3, low: 0.5, close, volume: 1 })),
  );
}

/** Minutes with one of two closes each. */
const series = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.constantFrom(1, 2)), { maxLength: 30 })
  .map((rows) => new Map(rows));

it('tells page by page what a look at all bars would tell', async () => {
  const pages = fc.integer({ min: 1, max: 12 });
  await fc.assert(
    fc.asyncProperty(series, series, fc.constantFrom(...importConflicts), pages, async (file, held, ...rest) => {
      const [conflicts, barsAtOnce] = rest;
      const heldBars = barsOf(held);
      const store = {
        read: async (_: unknown, range?: TimeRange) => (range ? barsInRange(heldBars, range) : emptyBars),
      };
      const compared = await compareWithStored(barsOf(file), {
        store,
        key: { symbol: 'SPY', timeframe: '1m' },
        calendar: 'currencies',
        conflicts,
        token: CancellationToken.none,
        barsAtOnce,
      });
      const minutes = [...file.keys()].sort((a, b) => a - b);
      const different = minutes.filter((minute) => held.has(minute) && held.get(minute) !== file.get(minute));
      const added = minutes.filter((minute) => !held.has(minute));
      expect(compared).toMatchObject({
        added: added.length,
        different: different.length,
        same: minutes.length - added.length - different.length,
        firstDifferent: different[0] === undefined ? undefined : stampOf(different[0]),
      });
      const brought = new Set(conflicts === 'keep' ? added : [...added, ...different]);
      const inside = (minute: number): boolean =>
        compared.brought.some(({ start, end }) => start <= stampOf(minute) && stampOf(minute) < end);
      expect([...brought].filter((minute) => !inside(minute))).toEqual([]);
      expect([...held.keys()].filter((minute) => inside(minute) && !brought.has(minute))).toEqual([]);
      // As few ranges as that takes: one for each held bar between two that were brought, at most.
      const turns = [...new Set([...brought, ...held.keys()])]
        .sort((a, b) => a - b)
        .map((minute) => brought.has(minute));
      const runs = turns.filter((isBrought, index) => isBrought && turns[index - 1] !== true).length;
      expect(compared.brought).toHaveLength(runs);
    }),
    { numRuns: 500 },
  );
});

it('tells of bars that alternate with held ones in fewer ranges than there are bars, and marks those', async () => {
  const count = 3 * maxBroughtRanges;
  const alternating = (from: number): [number, number][] =>
    Array.from({ length: count }, (_, index) => [from + 2 * index, 1]);
  const lonely = 4 * count;
  const heldBars = barsOf(new Map([...alternating(1), [lonely - 1, 1], [lonely + 1, 1]]));
  const { brought, added } = await compareWithStored(barsOf(new Map([...alternating(0), [lonely, 1]])), {
    store: { read: async (_: unknown, range?: TimeRange) => (range ? barsInRange(heldBars, range) : emptyBars) },
    key: { symbol: 'SPY', timeframe: '1m' },
    calendar: 'currencies',
    conflicts: 'keep',
    token: CancellationToken.none,
  });
  expect(added).toBe(count + 1);
  expect(brought.length).toBeLessThanOrEqual(maxBroughtRanges);
  expect(brought.length).toBeGreaterThan(1);
  expect(brought.at(-1)).toEqual({ start: stampOf(lonely), end: stampOf(lonely) + 1, isMixed: false });
  expect(brought.slice(0, -1).every(({ isMixed }) => isMixed)).toBe(true);
  expect([brought[0]?.start, brought.at(-2)?.end]).toEqual([begin, stampOf(2 * count - 2) + 1]);
});
