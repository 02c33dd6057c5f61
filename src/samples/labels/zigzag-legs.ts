/** A stretch of prices from a turning point to the next: up from a low, or down from a high. */
export interface Leg {
  readonly direction: 'up' | 'down';
  /** The turning point that it leaves. */
  readonly from: number;
  /** Its furthest price so far; the next turning point once the leg is over. Of equal prices the first. */
  readonly furthest: number;
}

interface ZigzagOptions {
  /** How far a price has to lie from the extreme at an index to turn, in units of the price. */
  readonly size: (extreme: number) => number;
  /** The first price to look at. */
  readonly start?: number;
  /** The leg is known, or has reached further than before, with the bar `at`. */
  readonly reached?: (leg: Leg, at: number) => void;
  /** The price has turned: with the bar `at` nothing can be added to the leg any more. */
  readonly ended?: (leg: Leg, at: number) => void;
}

/**
 * Follows the zigzag of a series of prices, bar by bar.
 *
 * A low becomes a turning point as soon as a price lies `size` or more above it, a high as soon as one lies that far
 * below it; highs and lows take turns. The first leg begins at the extreme that the first such move leaves.
 */
export function followZigzag(prices: Float64Array, { size, start = 0, reached, ended }: ZigzagOptions): void {
  let leg: Leg | undefined;
  let high = start;
  let low = start;
  const at = (index: number): number => prices[index] ?? Number.NaN;
  // Where nothing moves a size may be 0, too.
  const isTurn = (distance: number, extreme: number): boolean => distance > 0 && distance >= size(extreme);
  const begin = (direction: Leg['direction'], from: number, furthest: number): void => {
    leg = { direction, from, furthest };
    reached?.(leg, furthest);
  };
  for (let index = start + 1; index < prices.length; index += 1) {
    const price = at(index);
    if (leg === undefined) {
      if (price > at(high)) high = index;
      if (price < at(low)) low = index;
      if (isTurn(price - at(low), low)) begin('up', low, index);
      else if (isTurn(at(high) - price, high)) begin('down', high, index);
      continue;
    }
    const { direction, furthest } = leg;
    const ahead = direction === 'up' ? price - at(furthest) : at(furthest) - price;
    if (ahead > 0) {
      leg = { ...leg, furthest: index };
      reached?.(leg, index);
    } else if (isTurn(-ahead, furthest)) {
      ended?.(leg, index);
      begin(direction === 'up' ? 'down' : 'up', furthest, index);
    }
  }
}
