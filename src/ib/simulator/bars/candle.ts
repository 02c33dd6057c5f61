import { addressOf, normalOf, uniformAt, uniformOf } from './random.ts';

/** A stretch of a price path, in logarithms of the price. `variance` is that of its whole move. */
export interface Candle {
  readonly start: number;
  readonly end: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly variance: number;
  readonly volume: number;
}

/** How much of a session's trading and movement has happened by an instant, rising from 0 at its start to 1 at its end. */
export type Activity = (instant: number) => number;

/**
 * Draws a stretch whose two ends are known. Its extremes follow those of a Brownian bridge:
 * the maximum of a bridge from 0 to d with variance v is (d + sqrt(d^2 - 2 v ln u)) / 2 for a uniform u.
 */
export function drawCandle(known: Omit<Candle, 'high' | 'low'>, key: number, channel: number): Candle {
  const { open, close, variance, start } = known;
  const high = open + bridgeMaximum(close - open, variance, uniformAt(key, start, channel));
  const low = open - bridgeMaximum(open - close, variance, uniformAt(key, start, channel + 1));
  return { ...known, high, low };
}

/**
 * Cuts a stretch at an instant into two that together have exactly its open, high, low, close and volume. The place of
 * the price at the cut is drawn from a Brownian bridge; the half that reaches further carries the extreme.
 * An instant is the address of its randomness, so a path cut in another order is the same path.
 */
export function cutCandle(
  whole: Candle,
  { at, activity, key }: { at: number; activity: Activity; key: number },
): [Candle, Candle] {
  const { open, high, low, close, variance, volume } = whole;
  const address = addressOf(key, at);
  const from = activity(whole.start);
  const share = (activity(at) - from) / (activity(whole.end) - from);
  const spread = Math.sqrt(variance * share * (1 - share));
  const cut = reflect(open + share * (close - open) + spread * normalOf(address, 0), low, high);
  const before = variance * share;
  const after = variance - before;
  let highBefore = Math.min(high, open + bridgeMaximum(cut - open, before, uniformOf(address, 2)));
  let highAfter = Math.min(high, cut + bridgeMaximum(close - cut, after, uniformOf(address, 3)));
  if (highBefore >= highAfter) highBefore = high;
  else highAfter = high;
  let lowBefore = Math.max(low, open - bridgeMaximum(open - cut, before, uniformOf(address, 4)));
  let lowAfter = Math.max(low, cut - bridgeMaximum(cut - close, after, uniformOf(address, 5)));
  if (lowBefore <= lowAfter) lowBefore = low;
  else lowAfter = low;
  const tilt = 0.5 * share * (1 - share) * (uniformOf(address, 6) - 0.5);
  const volumeBefore = Math.round(volume * (share + tilt));
  return [
    {
      start: whole.start,
      end: at,
      open,
      high: highBefore,
      low: lowBefore,
      close: cut,
      variance: before,
      volume: volumeBefore,
    },
    {
      start: at,
      end: whole.end,
      open: cut,
      high: highAfter,
      low: lowAfter,
      close,
      variance: after,
      volume: volume - volumeBefore,
    },
  ];
}

/** Two stretches as one; the first may be missing. They need not touch: between sessions they do not. */
export function joinCandles(first: Candle | undefined, second: Candle): Candle {
  if (first === undefined) return second;
  return {
    start: first.start,
    end: second.end,
    open: first.open,
    high: Math.max(first.high, second.high),
    low: Math.min(first.low, second.low),
    close: second.close,
    variance: first.variance + second.variance,
    volume: first.volume + second.volume,
  };
}

function bridgeMaximum(move: number, variance: number, uniform: number): number {
  return Math.max(0, move, (move + Math.sqrt(move * move - 2 * variance * Math.log(uniform))) / 2);
}

/** Folds a value back at a border that it crossed, so that prices do not pile up at the extremes. */
function reflect(value: number, low: number, high: number): number {
  const folded = value > high ? 2 * high - value : value < low ? 2 * low - value : value;
  return Math.min(high, Math.max(low, folded));
}
