import type { Random } from './random.ts';

/**
 * A network in plain loops, on one block of rows at a time; buffers are made once. Sums are float64, in a fixed order. A
 * caller calls `load`, then `forward`, reads `outputs`; to train it sets `slopes` and calls `backward`, which adds to
 * `gradient`. What the outputs mean is not the network's affair; see `Loss`.
 */
export interface Network {
  /** How many rows pass through together at most. */
  readonly blockRows: number;
  /** The first row of the data that can be named: 0, or later where a row is read together with those before it. */
  readonly firstRow: number;
  /** The sums of the last layer, row after row; a caller may change them after `forward`. */
  readonly outputs: Float64Array;
  /** The derivative of the loss by those sums. */
  readonly slopes: Float64Array;
  /** The derivative of the loss by the parameters, in their flat layout. */
  readonly gradient: Float64Array;
  /** Takes `rows`, at most `blockRows` of them, from the data. */
  load(features: Float32Array, rows: Int32Array): void;
  /** @param dropout draws the units that are left out; without it none is. */
  forward(rows: number, dropout?: Random): void;
  /** Follows a `forward` of as many rows. */
  backward(rows: number): void;
}
