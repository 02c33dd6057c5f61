/** At most so many rows, evenly spaced, so that every stretch of time has its share. */
export function evenSample(rows: Int32Array, most: number): Int32Array {
  if (rows.length <= most) return rows;
  return Int32Array.from({ length: most }, (_, index) => rows[Math.floor((index * rows.length) / most)] ?? 0);
}
