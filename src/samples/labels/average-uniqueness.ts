/**
 * How much of what decided a label is its own: the mean, over the bars it looked at, of one divided by the number of
 * labels that looked at the bar as well; 1 for a label that shares none, NaN without a label. Lopez de Prado, Advances in
 * Financial Machine Learning (2018), 4.4.
 * @param decidedAt for each bar the last bar that its label looked at, -1 without a label. It looks from the bar after its own.
 */
export function averageUniqueness(decidedAt: Int32Array): Float64Array {
  const labels = [...decidedAt.keys()].filter((index) => (decidedAt[index] ?? -1) > index);
  const concurrent = new Int32Array(decidedAt.length + 1);
  for (const index of labels) {
    add(concurrent, index + 1, 1);
    add(concurrent, (decidedAt[index] ?? 0) + 1, -1);
  }
  const shares = new Float64Array(decidedAt.length + 1);
  let running = 0;
  for (let index = 0; index < decidedAt.length; index += 1) {
    running += concurrent[index] ?? 0;
    shares[index + 1] = (shares[index] ?? 0) + (running === 0 ? 0 : 1 / running);
  }
  const result = new Float64Array(decidedAt.length).fill(Number.NaN);
  for (const index of labels) {
    const last = decidedAt[index] ?? 0;
    result[index] = ((shares[last + 1] ?? 0) - (shares[index + 1] ?? 0)) / (last - index);
  }
  return result;
}

const add = (counts: Int32Array, index: number, change: number): void => {
  counts[index] = (counts[index] ?? 0) + change;
};
