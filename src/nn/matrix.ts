/** A matrix inside a flat array: the element of a row and a column is at `offset + row * rowStep + column * columnStep`. */
export interface Matrix {
  readonly values: Float64Array;
  readonly offset: number;
  readonly rowStep: number;
  readonly columnStep: number;
}

/**
 * result[m][n] += sum over k of left[m][k] * right[k][n], for `rows` x `columns` of the result.
 * Four by two elements of the result are summed at once, each in a variable of its own and in the order of k: so the sums
 * do not depend on the tiling, and loads are shared.
 */
export function addProduct(
  result: Matrix,
  [left, right]: readonly [Matrix, Matrix],
  { rows, columns, depth }: { rows: number; columns: number; depth: number },
): void {
  const { values: out, rowStep: outRow, columnStep: outColumn } = result;
  const { values: a, rowStep: aRow, columnStep: aDepth } = left;
  const { values: b, rowStep: bDepth, columnStep: bColumn } = right;
  const tiledRows = rows - (rows % 4);
  const tiledColumns = columns - (columns % 2);
  for (let m = 0; m < tiledRows; m += 4) {
    for (let n = 0; n < tiledColumns; n += 2) {
      let a0 = left.offset + m * aRow;
      let b0 = right.offset + n * bColumn;
      let [s00, s01, s10, s11, s20, s21, s30, s31] = [0, 0, 0, 0, 0, 0, 0, 0];
      for (let k = 0; k < depth; k += 1) {
        const x0 = a[a0] ?? 0;
        const x1 = a[a0 + aRow] ?? 0;
        const x2 = a[a0 + 2 * aRow] ?? 0;
        const x3 = a[a0 + 3 * aRow] ?? 0;
        const y0 = b[b0] ?? 0;
        const y1 = b[b0 + bColumn] ?? 0;
        s00 += x0 * y0;
        s01 += x0 * y1;
        s10 += x1 * y0;
        s11 += x1 * y1;
        s20 += x2 * y0;
        s21 += x2 * y1;
        s30 += x3 * y0;
        s31 += x3 * y1;
        a0 += aDepth;
        b0 += bDepth;
      }
      const o = result.offset + m * outRow + n * outColumn;
      add(out, o, s00);
      add(out, o + outColumn, s01);
      add(out, o + outRow, s10);
      add(out, o + outRow + outColumn, s11);
      add(out, o + 2 * outRow, s20);
      add(out, o + 2 * outRow + outColumn, s21);
      add(out, o + 3 * outRow, s30);
      add(out, o + 3 * outRow + outColumn, s31);
    }
  }
  for (let m = 0; m < rows; m += 1) {
    for (let n = m < tiledRows ? tiledColumns : 0; n < columns; n += 1) {
      let a0 = left.offset + m * aRow;
      let b0 = right.offset + n * bColumn;
      let sum = 0;
      for (let k = 0; k < depth; k += 1) {
        sum += (a[a0] ?? 0) * (b[b0] ?? 0);
        a0 += aDepth;
        b0 += bDepth;
      }
      add(out, result.offset + m * outRow + n * outColumn, sum);
    }
  }
}

function add(values: Float64Array, index: number, summand: number): void {
  values[index] = (values[index] ?? 0) + summand;
}
