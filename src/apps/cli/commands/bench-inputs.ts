import {
  allocateBars,
  calendarOf,
  dayMs,
  expectedBars,
  type Bars,
  type CalendarId,
  type Timeframe,
} from '../../../market/index.ts';
import { createRandom } from '../../../nn/index.ts';

interface Walk {
  readonly calendar: CalendarId;
  readonly timeframe: Timeframe;
  readonly start: number;
  readonly count: number;
}

/** So many bars on the stamps that the calendar expects from `start` on: a random walk, the same in every run. */
export function walkedBars({ calendar, timeframe, start, count }: Walk): Bars {
  const years = { start, end: start + 15 * 365 * dayMs };
  const stamps = expectedBars(calendarOf(calendar), timeframe, years).start.subarray(0, count);
  if (stamps.length < count) throw new RangeError(`the calendar expects ${stamps.length} bars, fewer than ${count}`);
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

/** How many rows a step of the training below has. */
export const batchSize = 32;

/** A strategy of ordinary size on hours of AAPL: 4 inputs, 3 classes. */
export const trainingStrategy = (epochs: number): string => `
name: bench
version: "3.0"
training_data:
  symbols: { mode: single, symbol: AAPL }
  timeframes: { mode: single, timeframe: 1h }
indicators:
  rsi: { type: rsi, period: 14 }
  trend: { type: distancefromma, period: 20 }
fuzzy_sets:
  momentum: { indicator: rsi, low: [0, 20, 45], middle: [30, 50, 70], high: [55, 80, 100] }
nn_inputs:
  - { fuzzy_set: momentum, timeframes: all }
  - { raw_indicator: trend, timeframes: all, normalization: zscore }
model:
  type: mlp
  architecture: { hidden_layers: [64, 32], activation: relu, dropout: 0.2 }
decisions: { output_format: classification }
training:
  labels: { source: zigzag, zigzag_threshold: 0.03 }
  epochs: ${epochs}
  batch_size: ${batchSize}
  learning_rate: 0.001
  seed: 7
  data_split: { train: 0.7, validation: 0.15, test: 0.15 }
`;
