/**
 * The bars of one history answer as columns, in the order in which they came. `time` is what IB wrote, read as a number:
 * epoch seconds, or the date of a session (`20250613`); NaN for anything else. `volume` is NaN where there is none.
 */
export interface IbBars {
  readonly length: number;
  readonly time: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
}

export function allocateIbBars(length: number): IbBars {
  const column = (): Float64Array => new Float64Array(length);
  return {
    length,
    time: column(),
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    volume: column(),
  };
}

/** The first `length` of some bars, or all of them with room for more. */
export function resizedIbBars(bars: IbBars, length: number): IbBars {
  if (length === bars.length) return bars;
  const resized = allocateIbBars(length);
  for (const column of ['time', 'open', 'high', 'low', 'close', 'volume'] as const) {
    resized[column].set(bars[column].subarray(0, length));
  }
  return resized;
}

export const noIbBars: IbBars = allocateIbBars(0);
