import { describe, expect, it } from 'vitest';
import { areClassMetrics } from '../metrics.ts';
import { partDetails, partDetailsSchema } from './part-details.ts';

const classes = ['BUY', 'HOLD', 'SELL'];

describe('partDetails() of classes', () => {
  const details = partDetails({
    // Likeliest: BUY, BUY, HOLD, SELL.
    outputs: Float32Array.of(0.5, 0.25, 0.25, 0.5, 0.5, 0, 0.25, 0.5, 0.25, 0, 0, 1),
    targets: Int32Array.of(0, 1, 1, 2),
    classes,
    symbols: [
      { symbol: 'AAA', from: 0, to: 2 },
      { symbol: 'CCC', from: 2, to: 2 },
      { symbol: 'BBB', from: 2, to: 4 },
    ],
    known: Int32Array.of(1, 1, 1, 0, 2, 1, 1),
  });

  it('tells of each class how many were told, and how many rightly', () => {
    expect(details.classes).toEqual([
      { name: 'BUY', rows: 1, predicted: 2, precision: 0.5, recall: 1, f1: expect.closeTo(2 / 3, 12) },
      { name: 'HOLD', rows: 2, predicted: 1, precision: 1, recall: 0.5, f1: expect.closeTo(2 / 3, 12) },
      { name: 'SELL', rows: 1, predicted: 1, precision: 1, recall: 1, f1: 1 },
    ]);
    expect(details.plainLoss).toBeCloseTo(-(3 * Math.log(0.5)) / 4, 6);
  });

  it('has a baseline that always tells the commonest class of the training part, with its chance', () => {
    const [baseline] = details.baselines;
    expect(baseline?.name).toBe('always HOLD, with the chances of the training part');
    expect(baseline?.metrics).toMatchObject({ accuracy: 0.5 });
    // One row of each class is added: 2, 6 and 2 of 10.
    expect(baseline?.metrics.loss).toBeCloseTo(-(2 * Math.log(0.2) + 2 * Math.log(0.6)) / 4, 6);
  });

  it('measures each symbol by its own rows', () => {
    expect(details.symbols.map(({ symbol }) => symbol)).toEqual(['AAA', 'BBB']);
    const [first, second] = details.symbols.map(({ metrics }) => (areClassMetrics(metrics) ? metrics : undefined));
    expect(first).toMatchObject({ accuracy: 0.5, classBalance: { BUY: 1, HOLD: 1, SELL: 0 } });
    expect(second).toMatchObject({ accuracy: 1, classBalance: { BUY: 0, HOLD: 1, SELL: 1 } });
  });

  it('stays a number where a chance of 0 came true, and is plain JSON', () => {
    const sure = partDetails({
      outputs: Float32Array.of(1, 0, 0),
      targets: Int32Array.of(2),
      classes,
      symbols: [],
      known: Int32Array.of(0),
    });
    expect(sure.plainLoss).toBeCloseTo(27.63, 2);
    const whole = { ...sure, decisions: { signals: [], withheld: [] } };
    expect(partDetailsSchema.parse(JSON.parse(JSON.stringify(whole)))).toEqual(whole);
  });
});

describe('partDetails() of a regression', () => {
  it('holds the model against a random walk and the mean of the training part', () => {
    const {
      baselines,
      classes: none,
      plainLoss,
    } = partDetails({
      outputs: Float32Array.of(1, -1),
      targets: Float32Array.of(2, -2),
      classes: [],
      symbols: [],
      known: Float32Array.of(1, 3),
    });
    expect(none).toEqual([]);
    expect(plainLoss).toBe(1);
    expect(baselines.map(({ metrics }) => metrics)).toMatchObject([
      { loss: 4, rootMeanSquareError: 2, directionalAccuracy: 0, r2: 0 },
      { loss: 8, meanAbsoluteError: 2, directionalAccuracy: 0.5 },
    ]);
  });
});
