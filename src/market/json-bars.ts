import { z } from 'zod';
import type { Schema } from '../base/index.ts';
import { barsFromArrow, barsToArrow } from './arrow.ts';
import type { Bars } from './bars.ts';

/** Bars as JSON columns of equal length, for people and simple clients. A volume that the source does not have is null. */
export interface JsonBars {
  time: number[];
  open: number[];
  high: number[];
  low: number[];
  close: number[];
  volume: (number | null)[];
}

const column = z.array(z.number());

export const jsonBarsSchema: Schema<JsonBars> = z
  .object({
    time: column,
    open: column,
    high: column,
    low: column,
    close: column,
    volume: z.array(z.number().nullable()),
  })
  .refine(
    ({ time, ...others }) => Object.values(others).every(({ length }) => length === time.length),
    'the columns must be of equal length',
  );

export function barsToJson({ time, open, high, low, close, volume }: Bars): JsonBars {
  return {
    time: [...time],
    open: [...open],
    high: [...high],
    low: [...low],
    close: [...close],
    volume: Array.from(volume, (value) => (Number.isNaN(value) ? null : value)),
  };
}

export function barsFromJson({ time, open, high, low, close, volume }: JsonBars): Bars {
  return {
    time: Float64Array.from(time),
    open: Float64Array.from(open),
    high: Float64Array.from(high),
    low: Float64Array.from(low),
    close: Float64Array.from(close),
    volume: Float64Array.from(volume, (value) => value ?? Number.NaN),
  };
}

/** The same columns as an Arrow stream, for whoever accepts it: a third of the size, and read without parsing. */
export const jsonBarsAsArrow = {
  mediaType: 'application/vnd.apache.arrow.stream',
  encode: (bars: JsonBars): Promise<Uint8Array> => barsToArrow(barsFromJson(bars)),
  decode: async (bytes: Uint8Array): Promise<JsonBars> => barsToJson(await barsFromArrow(bytes)),
};
