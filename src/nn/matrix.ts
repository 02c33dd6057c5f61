/** A matrix inside a flat array: the element of a row and a column is at `offset + row * rowStep + column * columnStep`. */
export interface Matrix {
  readonly values: Float64Array;
  readonly offset: number;
  readonly rowStep: number;
  readonly columnStep: number;
}

/** Rows of `width` numbers, one after the other. */
export const rowMajor = (values: Float64Array, width: number): Matrix => ({
  values,
  offset: 0,
  rowStep: width,
  columnStep: 1,
});

export const transposed = ({ values, offset, rowStep, columnStep }: Matrix): Matrix => ({
  values,
  offset,
  rowStep: columnStep,
  columnStep: rowStep,
});

interface ProductSize {
  readonly rows: number;
  readonly columns: number;
  /** Columns of the left matrix, rows of the right one. */
  readonly depth: number;
}

const tileRows = 4;
const tileColumns = 2;

/** Adds the product of two matrices to a third: result[m][n] += sum over k of left[m][k] * right[k][n]. */
export type AddProduct = (result: Matrix, factors: readonly [Matrix, Matrix], size: ProductSize) => void;

/**
 * A product for depths up to `deepest`.
 * A tile of the result is summed at once, each element in a variable of its own and in the order of k: loads are shared,
 * and the sums do not depend on the tiling. The rows of the left matrix that a tile needs are first laid side by side in
 * a panel, where one index reads them all.
 */
export function createProduct(deepest: number): AddProduct {
  const panel = new Float64Array(tileRows * deepest);
  return (result, [left, right], { rows, columns, depth }) => {
    const tiledRows = rows - (rows % tileRows);
    const tiledColumns = columns - (columns % tileColumns);
    for (let row = 0; row < tiledRows; row += tileRows) {
      fillPanel(panel, left, { row, depth });
      addTiles(result, [panel, right], { row, columns: tiledColumns, depth });
    }
    addDots(result, [left, right], {
      fromRow: 0,
      toRow: tiledRows,
      fromColumn: tiledColumns,
      toColumn: columns,
      depth,
    });
    addDots(result, [left, right], { fromRow: tiledRows, toRow: rows, fromColumn: 0, toColumn: columns, depth });
  };
}

function fillPanel(panel: Float64Array, left: Matrix, { row, depth }: { row: number; depth: number }): void {
  const { values, rowStep, columnStep } = left;
  let from = left.offset + row * rowStep;
  for (let to = 0; to < tileRows * depth; to += tileRows) {
    panel[to] = values[from] ?? 0;
    panel[to + 1] = values[from + rowStep] ?? 0;
    panel[to + 2] = values[from + 2 * rowStep] ?? 0;
    panel[to + 3] = values[from + 3 * rowStep] ?? 0;
    from += columnStep;
  }
}

function addTiles(
  { values: out, offset, rowStep, columnStep }: Matrix,
  [left, { values: right, offset: rightOffset, rowStep: down, columnStep: across }]: readonly [Float64Array, Matrix],
  { row, columns, depth }: { row: number; columns: number; depth: number },
): void {
  const end = tileRows * depth;
  for (let column = 0; column < columns; column += tileColumns) {
    let from = rightOffset + column * across;
    let s00 = 0;
    let s01 = 0;
    let s10 = 0;
    let s11 = 0;
    let s20 = 0;
    let s21 = 0;
    let s30 = 0;
    let s31 = 0;
    for (let k = 0; k < end; k += tileRows) {
      const x0 = left[k] ?? 0;
      const x1 = left[k + 1] ?? 0;
      const x2 = left[k + 2] ?? 0;
      const x3 = left[k + 3] ?? 0;
      const y0 = right[from] ?? 0;
      const y1 = right[from + across] ?? 0;
      s00 += x0 * y0;
      s01 += x0 * y1;
      s10 += x1 * y0;
      s11 += x1 * y1;
      s20 += x2 * y0;
      s21 += x2 * y1;
      s30 += x3 * y0;
      s31 += x3 * y1;
      from += down;
    }
    const to = offset + row * rowStep + column * columnStep;
    add(out, to, s00);
    add(out, to + columnStep, s01);
    add(out, to + rowStep, s10);
    add(out, to + rowStep + columnStep, s11);
    add(out, to + 2 * rowStep, s20);
    add(out, to + 2 * rowStep + columnStep, s21);
    add(out, to + 3 * rowStep, s30);
    add(out, to + 3 * rowStep + columnStep, s31);
  }
}

/** What the tiles leave over, element by element. */
function addDots(
  result: Matrix,
  [left, right]: readonly [Matrix, Matrix],
  area: { fromRow: number; toRow: number; fromColumn: number; toColumn: number; depth: number },
): void {
  const { values: a } = left;
  const { values: b } = right;
  for (let row = area.fromRow; row < area.toRow; row += 1) {
    for (let column = area.fromColumn; column < area.toColumn; column += 1) {
      let fromLeft = left.offset + row * left.rowStep;
      let fromRight = right.offset + column * right.columnStep;
      let sum = 0;
      for (let k = 0; k < area.depth; k += 1) {
        sum += (a[fromLeft] ?? 0) * (b[fromRight] ?? 0);
        fromLeft += left.columnStep;
        fromRight += right.rowStep;
      }
      add(result.values, result.offset + row * result.rowStep + column * result.columnStep, sum);
    }
  }
}

function add(values: Float64Array, index: number, summand: number): void {
  values[index] = (values[index] ?? 0) + summand;
}
