import { KtrdrError } from '../base/index.ts';
import type { ModelSpec } from './model.ts';
import { type Objective, sortsIntoClasses } from './objective.ts';

/** Rows to learn from, one after the other. */
export interface Dataset {
  readonly features: Float32Array;
  /** Of each row its class, from 0 on, or its value. */
  readonly targets: Int32Array | Float32Array;
  /**
   * How much each row counts, at least 0; absent, all count alike. The loss of rows is the sum of weight times loss over
   * the sum of weights.
   */
  readonly weights?: Float32Array;
}

/** @throws KtrdrError `invalid_input` for data that does not fit the model and what it is trained for. */
export function checkDataset(data: Dataset, { inputs, outputs }: ModelSpec, { kind }: Objective): void {
  const { features, targets, weights } = data;
  if (features.length !== targets.length * inputs) {
    throw refused(
      `${features.length} features do not make ${targets.length} rows of ${inputs}; give every target its row`,
    );
  }
  if (weights !== undefined && weights.length !== targets.length) {
    throw refused(`${weights.length} weights do not fit ${targets.length} rows; give every row one, or none at all`);
  }
  if (sortsIntoClasses(kind)) checkClasses(targets, outputs);
  else checkValues(targets, kind);
  const badWeight = weights?.findIndex((weight) => !(weight >= 0 && weight < Infinity)) ?? -1;
  if (badWeight !== -1) throw refused(`Row ${badWeight} has the weight ${weights?.[badWeight]}; a weight is 0 or more`);
  const badFeature = features.findIndex((value) => !Number.isFinite(value));
  if (badFeature !== -1) {
    const where = `Feature ${badFeature % inputs} of row ${Math.floor(badFeature / inputs)}`;
    throw refused(`${where} is ${features[badFeature]}; leave out rows that are not complete`);
  }
}

function checkClasses(targets: Dataset['targets'], classes: number): void {
  if (!(targets instanceof Int32Array))
    throw refused('The targets are values; classes are whole numbers, an Int32Array');
  const bad = targets.findIndex((target) => target < 0 || target >= classes);
  if (bad === -1) return;
  throw refused(`Row ${bad} has the class ${targets[bad]}; a model of ${classes} classes knows 0 to ${classes - 1}`);
}

function checkValues(targets: Dataset['targets'], kind: string): void {
  if (!(targets instanceof Float32Array))
    throw refused(`The targets are classes; ${kind} needs values, a Float32Array`);
  const bad = targets.findIndex((target) => !Number.isFinite(target));
  if (bad !== -1) throw refused(`Row ${bad} has the value ${targets[bad]}; leave out rows whose value is not known`);
}

const refused = (sentence: string): KtrdrError => new KtrdrError('invalid_input', `${sentence}.`);

/**
 * The sum of the rows' weights: their number where the data has none.
 * @throws KtrdrError `invalid_input` for a row that the data does not have, or one before `firstRow`.
 */
export function weightOf({ targets, weights }: Dataset, rows: Int32Array, firstRow: number): number {
  const count = targets.length;
  let sum = 0;
  for (const row of rows) {
    if (row < firstRow || row >= count) {
      throw refused(
        row < 0 || row >= count
          ? `There is no row ${row} in data of ${count} rows`
          : `Row ${row} is read with the ${firstRow} rows before it, which do not exist; begin at row ${firstRow}`,
      );
    }
    sum += weights === undefined ? 1 : (weights[row] ?? 0);
  }
  return sum;
}
