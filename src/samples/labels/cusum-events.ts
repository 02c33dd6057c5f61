/**
 * The bars at which the price has moved, up or down, by more than a threshold since the last such bar: the symmetric
 * CUSUM filter of Lopez de Prado, Advances in Financial Machine Learning (2018), 2.5.2.1, on logarithmic returns. Small
 * moves to and fro do not add up.
 * @param thresholds for each bar; where one is not a number above 0 there is no event.
 */
export function cusumEvents(closes: Float64Array, thresholds: Float64Array): number[] {
  const events: number[] = [];
  let up = 0;
  let down = 0;
  for (let index = 1; index < closes.length; index += 1) {
    const threshold = thresholds[index] ?? Number.NaN;
    const gain = Math.log((closes[index] ?? Number.NaN) / (closes[index - 1] ?? Number.NaN));
    if (!Number.isFinite(gain)) continue;
    up = Math.max(0, up + gain);
    down = Math.min(0, down + gain);
    if (!(threshold > 0) || (up <= threshold && down >= -threshold)) continue;
    events.push(index);
    up = 0;
    down = 0;
  }
  return events;
}
