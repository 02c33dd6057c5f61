/**
 * Whole numbers as 64-bit integers, the form of time in files and streams. Through `BigInt` it would take many times as
 * long.
 */
export function toInt64(values: Float64Array): BigInt64Array {
  const integers = new BigInt64Array(values.length);
  const halves = new Uint32Array(integers.buffer);
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? 0;
    const high = Math.floor(value / 2 ** 32);
    halves[2 * index] = value - high * 2 ** 32;
    halves[2 * index + 1] = high;
  }
  return integers;
}

/** Writes 64-bit integers into a column as numbers; the two may lie in the same memory. */
export function fromInt64(integers: BigInt64Array, target: Float64Array): void {
  const halves = new Int32Array(integers.buffer, integers.byteOffset, 2 * integers.length);
  for (let index = 0; index < integers.length; index += 1) {
    target[index] = (halves[2 * index + 1] ?? 0) * 2 ** 32 + ((halves[2 * index] ?? 0) >>> 0);
  }
}
