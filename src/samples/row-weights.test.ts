import { describe, expect, it } from 'vitest';
import { classCounts, rowWeights } from './row-weights.ts';

const classes = ['BUY', 'HOLD', 'SELL'];
const targets = Int32Array.of(0, 0, 0, 1, 0, 2, 2, 1);
const options = {
  labelWeights: new Float32Array(8).fill(1),
  targets,
  classes,
  train: Int32Array.of(0, 1, 2, 3),
  classWeights: 'balanced',
} as const;

describe('rowWeights()', () => {
  it('gives each class of the training part the same weight together, whatever is common later', () => {
    // scikit-learn: compute_class_weight('balanced', classes=[0, 1], y=[0, 0, 0, 1]), times 2 of the 3 classes.
    const [common, rare] = [4 / (3 * 3), 4 / 3].map(Math.fround);
    expect([...(rowWeights(options) ?? [])]).toEqual([common, common, common, rare, common, 1, 1, rare]);
  });

  it('multiplies the weight of the class with that of the label', () => {
    const labelWeights = Float32Array.of(1, 0.5, 1, 0.25, 1, 0.5, 1, 1);
    const weights = rowWeights({ ...options, labelWeights });
    expect(weights?.[1]).toBeCloseTo((0.5 * 4) / 9, 6);
    expect(weights?.[3]).toBeCloseTo((0.25 * 4) / 3, 6);
    expect(weights?.[5]).toBe(0.5);
    expect(rowWeights({ ...options, labelWeights, classWeights: 'none' })).toEqual(labelWeights);
  });

  it('is nothing where all rows count the same', () => {
    expect(rowWeights({ ...options, classWeights: 'none' })).toBeUndefined();
  });
});

describe('classCounts()', () => {
  it('counts the rows that are asked for, and no numbers', () => {
    expect(classCounts(targets, Int32Array.of(0, 3, 5, 6), 3)).toEqual([1, 1, 2]);
    expect(classCounts(Float32Array.of(0.5, 1, -0.5), Int32Array.of(0, 1, 2), 0)).toEqual([]);
  });
});
