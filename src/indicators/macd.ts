import { z } from 'zod';
import { at, difference, silence, sourceColumn, unknownUntil } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { exponentialAverage } from './moving-averages.ts';
import { barCount, source } from './parameters.ts';

const parameters = z
  .strictObject({
    fast: barCount(12, [1, 100]).describe('bars of the fast average'),
    slow: barCount(26, [1, 200]).describe('bars of the slow average'),
    signal: barCount(9, [1, 50]).describe('bars of the average of the line'),
    source,
  })
  .refine(({ fast, slow }) => fast < slow, 'fast must be less than slow');

/**
 * Line = fast average - slow average, signal = average of the line, histogram = line - signal.
 * Seeded as TA-Lib does: both averages give their first value at the same bar (the fast one starts `slow - fast` bars
 * late), and all three columns start with the first signal.
 */
export const macd = defineIndicator({
  type: 'macd',
  aliases: ['movingaverageconvergencedivergence'],
  name: 'Moving Average Convergence Divergence',
  description: 'Distance between a fast and a slow exponential average, and that distance against its own average.',
  kind: 'trend',
  parameters,
  outputs: ['line', 'signal', 'histogram'],
  reads: ['source'],
  warmUp: warmUpOf,
  compute(bars, parameters) {
    const { fast, slow, signal: signalPeriod, source } = parameters;
    const values = sourceColumn(bars, source);
    const line = distanceOfAverages(values, { fast, slow });
    const signal = exponentialAverage(line, { period: signalPeriod, start: slow - 1 });
    const histogram = difference(line, signal);
    return { line: silence(line, warmUpOf(parameters)), signal, histogram };
  },
});

/** Both averages in one loop, for the same reason as in the RSI. */
function distanceOfAverages(values: Float64Array, { fast, slow }: { fast: number; slow: number }): Float64Array {
  const line = unknownUntil(values.length, slow - 1);
  const fastWeight = 2 / (fast + 1);
  const slowWeight = 2 / (slow + 1);
  let fastAverage = 0;
  let slowAverage = 0;
  for (let index = 0; index < values.length; index += 1) {
    const value = at(values, index);
    if (index >= slow) {
      fastAverage += fastWeight * (value - fastAverage);
      slowAverage += slowWeight * (value - slowAverage);
    } else {
      if (index >= slow - fast) fastAverage += value / fast;
      slowAverage += value / slow;
    }
    if (index >= slow - 1) line[index] = fastAverage - slowAverage;
  }
  return line;
}

function warmUpOf({ slow, signal }: { slow: number; signal: number }): number {
  return slow - 1 + signal - 1;
}
