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

export const usualOrders = 50;

/**
 * How much each feature contributes to the difference between an output and that of the baseline: Shapley values (Shapley
 * 1953), the mean over orders of what changes when the feature takes its own value after those before it. Of few features
 * every order is looked at; of more a sample (Castro, Gomez and Tejada 2009), in pairs of an order and its reverse (Mitchell
 * et al. 2022). Contributions add up to the difference, whatever the number of orders.
 */
export function attribute({ features, outputOf, orders = usualOrders, seed = 0 }: AttributionOptions): Float64Array {
  // All sets of the features cost no more outputs than the sample would.
  if (2 ** features <= 2 * orders * features) return attributeExactly(features, outputOf);
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

/**
 * The mean over all orders, set by set: the orders in which a set of `size` features comes before a feature, and all others
 * after it, are `size! (features - size - 1)! / features!` of all.
 */
function attributeExactly(features: number, outputOf: AttributionOptions['outputOf']): Float64Array {
  const isOwn = new Uint8Array(features);
  const outputs = Float64Array.from({ length: 2 ** features }, (_, set) => {
    for (let feature = 0; feature < features; feature += 1) isOwn[feature] = (set >> feature) & 1;
    return outputOf(isOwn);
  });
  // shares[size] is 1 / (features * (features - 1 choose size)).
  const shares = [1 / features];
  for (let size = 1; size < features; size += 1) shares.push(((shares[size - 1] ?? 0) * size) / (features - size));
  const contributions = new Float64Array(features);
  for (const [set, before] of outputs.entries()) {
    const share = shares[sizeOf(set)] ?? 0;
    for (let feature = 0; feature < features; feature += 1) {
      if (((set >> feature) & 1) === 1) continue;
      const after = outputs[set | (1 << feature)] ?? Number.NaN;
      contributions[feature] = (contributions[feature] ?? 0) + share * (after - before);
    }
  }
  return contributions;
}

function sizeOf(set: number): number {
  let size = 0;
  for (let rest = set; rest > 0; rest &= rest - 1) size += 1;
  return size;
}
