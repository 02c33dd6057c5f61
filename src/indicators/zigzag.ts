import { z } from 'zod';
import { at, sourceColumn } from './columns.ts';
import { defineIndicator } from './definition.ts';
import { source } from './parameters.ts';

/**
 * Where the zigzag line over the bars so far ends: the furthest price of the leg in progress. A leg turns when the price
 * has come back from its furthest by the threshold; until the first leg is known, the value is the first price.
 *
 * A zigzag on a chart is redrawn: a turning point appears where it was only once the price has left it. Here each bar
 * holds what was known at it, and keeps it: a turn shows at the bar that made it certain, as a jump from the furthest
 * price of the old leg to the price of that bar.
 */
export const zigzag = defineIndicator({
  type: 'zigzag',
  name: 'ZigZag',
  description: 'Furthest price of the present leg, where legs are moves that small reversals do not end.',
  kind: 'support_resistance',
  parameters: z.strictObject({
    threshold: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.05)
      .describe('reversal that ends a leg, as a share of its furthest price'),
    source,
  }),
  outputs: ['value'],
  reads: ['source'],
  warmUp: () => 0,
  compute(bars, { threshold, source }) {
    const prices = sourceColumn(bars, source);
    const value = new Float64Array(prices.length);
    const first = at(prices, 0);
    let direction: 'none' | 'up' | 'down' = 'none';
    let highest = first;
    let lowest = first;
    for (let index = 0; index < prices.length; index += 1) {
      const price = at(prices, index);
      if (price > highest) highest = price;
      if (price < lowest) lowest = price;
      if (direction !== 'up' && price > lowest && price - lowest >= threshold * lowest) {
        direction = 'up';
        highest = price;
      } else if (direction !== 'down' && price < highest && highest - price >= threshold * highest) {
        direction = 'down';
        lowest = price;
      }
      if (direction === 'none') value[index] = first;
      else value[index] = direction === 'up' ? highest : lowest;
    }
    return { value };
  },
});
