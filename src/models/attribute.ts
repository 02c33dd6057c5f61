import { createRandom } from '../nn/index.ts';

interface AttributionOptions {
  /** How many features share the difference. */
  readonly features: number;
  /** The output where the features that are marked 1 have their own value, and all others that of the baseline. */
  readonly outputOf: (isOwn: Uint8Array) => number;
  /** Orders that are tried, each of them forwards and backwards. */
  readonly orders?: number;
  readonly seed?: number;
}

const usualOrders = 50;

/**
 * How much each feature contributes to the difference between an output and that of the baseline: Shapley values, the mean
 * over orders of what changes when the feature takes its own value after those before it (Shapley 1953; by sampling, as
 * Castro, Gomez and Tejada 2009, in pairs of an order and its reverse, as Mitchell et al. 2022). Contributions add up to the
 * difference, whatever the number of orders.
 */
export function attribute({ features, outputOf, orders = usualOrders, seed = 0 }: AttributionOptions): Float64Array {
  const random = createRandom(seed);
  const contributions = new Float64Array(features);
  const order = Int32Array.from({ length: features }, (_, feature) => feature);
  const baseline = outputOf(new Uint8Array(features));
  for (let round = 0; round < orders; round += 1) {
    random.shuffle(order);
    for (const sequence of [order, order.toReversed()]) {
      const isOwn = new Uint8Array(features);
      let before = baseline;
      for (const feature of sequence) {
        isOwn[feature] = 1;
        const after = outputOf(isOwn);
        contributions[feature] = (contributions[feature] ?? 0) + (after - before) / (2 * orders);
        before = after;
      }
    }
  }
  return contributions;
}
