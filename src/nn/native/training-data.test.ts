import { expect, it } from 'vitest';
import { TrainingData } from './training-data.ts';

it('takes the columns in pieces, and puts a 1 behind the features of each row', () => {
  const data = new TrainingData({ rows: 3, inputs: 2, values: 'classes' });
  data.load({ column: 'features', firstRow: 1, values: Float32Array.of(3, 4, 5, 6) });
  data.load({ column: 'features', firstRow: 0, values: Float32Array.of(7, 8) });
  data.load({ column: 'targets', firstRow: 2, values: Int32Array.of(4) });
  expect([...data.features]).toEqual([7, 8, 1, 3, 4, 1, 5, 6, 1]);
  expect([...data.targets]).toEqual([0, 0, 4]);
  expect([...data.weights]).toEqual([1, 1, 1]);
});
