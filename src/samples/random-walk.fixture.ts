import fc from 'fast-check';
import { barsFromRows, calendarOf, expectedBars, type BarRow, type Bars, type Timeframe } from '../market/index.ts';
import { createRandom } from '../nn/index.ts';

/** Bars of US equities from a seeded random walk, one for each bar that the calendar expects from the given year on. */
export function walk({ seed, timeframe = '1h', count, year = 2020 }: WalkOptions): Bars {
  const range = { start: Date.UTC(year, 0, 1), end: Date.UTC(year + 20, 0, 1) };
  const { start } = expectedBars(calendarOf('us_equities'), timeframe, range);
  const random = createRandom(seed);
  let price = 100;
  let drift = 0;
  const rows = Array.from(start.subarray(0, count), (time): BarRow => {
    const open = price;
    drift = 0.95 * drift + 0.001 * random.normal();
    price *= 1 + Math.max(-0.2, Math.min(0.2, drift + 0.003 * random.normal()));
    const [low, high] = [Math.min(open, price), Math.max(open, price)];
    return { time, open, high: high * 1.001, low: low * 0.999, close: price, volume: 1_000 + random.below(500) };
  });
  return barsFromRows(rows);
}

interface WalkOptions {
  readonly seed: number;
  readonly timeframe?: Timeframe;
  readonly count: number;
  readonly year?: number;
}

/** Any number of hour bars, one after the other, with moves of up to a few per cent. */
export function randomBars(length: { minLength?: number; maxLength: number }): fc.Arbitrary<Bars> {
  const move = fc.integer({ min: -40, max: 40 }).map((thousandths) => thousandths / 1_000);
  const spread = fc.integer({ min: 0, max: 20 }).map((thousandths) => thousandths / 1_000);
  return fc.array(fc.tuple(move, move, spread, spread), length).map((steps) => {
    let price = 100;
    return barsFromRows(
      steps.map(([gap, gain, above, below], index) => {
        const open = price * (1 + gap / 4);
        const close = open * (1 + gain);
        price = close;
        const [low, high] = [Math.min(open, close) * (1 - below), Math.max(open, close) * (1 + above)];
        return { time: index * 3_600_000, open, high, low, close, volume: 1_000 };
      }),
    );
  });
}
