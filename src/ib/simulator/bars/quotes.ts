import type { Bars } from '../../../market/index.ts';

/** How far a price of a bar lies from the middle, in ticks. */
type Shifts = readonly [open: number, high: number, low: number, close: number];

/**
 * The bid lies one tick below the middle and the ask one above it. Bars of both sides have the average bid as their open,
 * the highest ask, the lowest bid, and the average ask as their close, as the gateway documents them.
 */
const shifts: Readonly<Record<string, Shifts>> = {
  BID: [-1, -1, -1, -1],
  ASK: [1, 1, 1, 1],
  BID_ASK: [-1, 1, -1, 1],
};

const middle: Shifts = [0, 0, 0, 0];

/** Turns middle prices in whole ticks into prices of a kind, in place. */
export function quotesOf(bars: Bars, { whatToShow, ticksPerUnit }: { whatToShow: string; ticksPerUnit: number }): Bars {
  const { open, high, low, close } = bars;
  if (whatToShow === 'BID_ASK') average(bars);
  const [atOpen, atHigh, atLow, atClose] = shifts[whatToShow] ?? middle;
  for (let index = 0; index < open.length; index += 1) {
    open[index] = ((open[index] ?? 0) + atOpen) / ticksPerUnit;
    high[index] = ((high[index] ?? 0) + atHigh) / ticksPerUnit;
    low[index] = ((low[index] ?? 0) + atLow) / ticksPerUnit;
    close[index] = ((close[index] ?? 0) + atClose) / ticksPerUnit;
  }
  return bars;
}

/** Open and close both become the middle of the two, in whole ticks. */
function average({ open, close }: Bars): void {
  for (let index = 0; index < open.length; index += 1) {
    const mean = Math.round(((open[index] ?? 0) + (close[index] ?? 0)) / 2);
    open[index] = mean;
    close[index] = mean;
  }
}
