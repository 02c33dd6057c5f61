import { allocateBars, calendarOf, expectedBars } from '../../dist/market/index.js';
import { createRandom } from '../../dist/nn/index.js';

/** So many bars on the stamps that the calendar demands, oldest first: a random walk, the same in every run. */
export function walkedBars({ calendar, timeframe, start, count }) {
  const years = { start, end: start + 15 * 365 * 86_400_000 };
  const stamps = expectedBars(calendarOf(calendar), timeframe, years).start.subarray(0, count);
  if (stamps.length < count) throw new Error(`the calendar has ${stamps.length} bars only, ${count} were asked for`);
  const random = createRandom(7);
  const bars = allocateBars(count);
  bars.time.set(stamps);
  let price = 100;
  for (let index = 0; index < count; index += 1) {
    const open = price;
    price *= Math.exp(0.004 * random.normal());
    bars.open[index] = open;
    bars.close[index] = price;
    bars.high[index] = Math.max(open, price) * 1.001;
    bars.low[index] = Math.min(open, price) * 0.999;
    bars.volume[index] = 1_000 + (index % 97);
  }
  return bars;
}
