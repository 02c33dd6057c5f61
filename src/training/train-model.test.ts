import { describe, expect, it } from 'vitest';
import { renderTrainingProgress } from './train-model.ts';

const context = {
  modelType: 'mlp',
  symbols: ['AAPL', 'MSFT'],
  timeframes: ['1h'],
  epoch: 15,
  epochs: 50,
  batch: 342,
  batches: 500,
};
const subject = 'Training MLP model on AAPL, MSFT [1h]';

describe('the progress of a training in words', () => {
  it.each([
    [{ phase: '', done: 0, total: 0 }, subject],
    [{ phase: 'training', done: 7_342, total: 25_000 }, `${subject} epoch 15/50 batch 342/500`],
    [{ phase: 'saving the model', done: 0, total: 0 }, `${subject} (saving the model)`],
    [{ phase: 'fetching the model', done: 0, total: 0 }, `${subject} (fetching the model)`],
    [{ phase: 'fetching the model', done: 200, total: 400 }, `${subject} (fetching the model)`],
    [
      { phase: 'fetching the model', done: 1_572_864, total: 12_400_000 },
      `${subject} (fetching the model, 1.6 of 12.4 MB)`,
    ],
  ])('%o', (state, words) => {
    expect(renderTrainingProgress({ ...state, context })).toBe(words);
  });
});
