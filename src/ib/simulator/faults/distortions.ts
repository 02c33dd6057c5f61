import { barCount, concatBars, sliceBars, type Bars } from '../../../market/index.ts';
import type { FaultBoard, FaultTarget } from './fault-board.ts';

/** Bars as a faulty gateway sends them, and how many it announces. */
export interface SentBars {
  readonly bars: Bars;
  readonly announced: number;
}

const distortions = {
  extra_bar: (bars: Bars): SentBars => ({ bars, announced: Math.max(0, barCount(bars) - 1) }),
  stale_series: (bars: Bars): SentBars => whole(stale(bars)),
  unordered_bars: (bars: Bars): SentBars => whole(swapped(bars)),
} as const;

/** Takes up the distortion of bars that is in force for a request; undefined when there is none. */
export function takeDistortion(faults: FaultBoard, target: FaultTarget): ((bars: Bars) => SentBars) | undefined {
  for (const kind of ['extra_bar', 'stale_series', 'unordered_bars'] as const) {
    if (faults.strike(kind, target) !== undefined) return distortions[kind];
  }
  return undefined;
}

function whole(bars: Bars): SentBars {
  return { bars, announced: barCount(bars) };
}

/** From the middle on, every bar has the prices of the one in the middle. */
function stale(bars: Bars): Bars {
  const middle = barCount(bars) >> 1;
  const held = (column: Float64Array): Float64Array =>
    column.map((value, index) => (index < middle ? value : (column[middle] ?? value)));
  const { time, volume } = bars;
  return { time, open: held(bars.open), high: held(bars.high), low: held(bars.low), close: held(bars.close), volume };
}

/** The second half before the first. */
function swapped(bars: Bars): Bars {
  const middle = barCount(bars) >> 1;
  return concatBars([sliceBars(bars, middle, barCount(bars)), sliceBars(bars, 0, middle)]);
}
