import { describe, expect, it } from 'vitest';
import { CancellationToken } from '../async/index.ts';
import { mergeBars, sliceBars, type Bars } from '../market/index.ts';
import type { SymbolBars } from './features.ts';
import { parseStrategy, resolvePlan } from '../strategies/index.ts';
import { sampleStrategy } from '../strategies/sample-strategy.fixture.ts';
import { thrownBy } from '../base/thrown-by.fixture.ts';
import { walk } from './random-walk.fixture.ts';
import { buildTrainingSet, type TrainingSet } from './training-set.ts';

const plan = resolvePlan(parseStrategy(sampleStrategy()));
const [first, second] = [walk({ seed: 1, count: 1_000 }), walk({ seed: 2, count: 800 })];

const symbolBars = (symbol: string, bars: Bars): SymbolBars => ({
  symbol,
  calendar: 'us_equities',
  series: [{ timeframe: '1h', bars }],
});
const build = (a: Bars, b: Bars): TrainingSet =>
  buildTrainingSet(plan, [symbolBars('AAA', a), symbolBars('BBB', b)], CancellationToken.none);

describe('buildTrainingSet()', () => {
  const set = build(first, second);
  const rows = set.data.targets.length;
  const width = plan.features.length;

  it('has rows of every symbol, each in one part at most, with labels of the three classes', () => {
    const { train, validation, test } = set.parts;
    const all = [...train, ...validation, ...test];
    expect(new Set(all).size).toBe(all.length);
    expect(all.every((row) => row >= 0 && row < rows)).toBe(true);
    expect(set.data.features.length).toBe(rows * width);
    expect(all.every((row) => [0, 1, 2].includes(set.data.targets[row] ?? -1))).toBe(true);
  });

  it('cuts both symbols at the same instants', () => {
    // The histories start together, so the same count of bars is the same time; the warm-up is the same as well.
    const rowsOfFirst = 1_000 - 33;
    const lastTrain = [...set.parts.train].filter((row) => row < rowsOfFirst).at(-1) ?? -1;
    const lastTrainOfSecond = ([...set.parts.train].at(-1) ?? -1) - rowsOfFirst;
    const firstValidation = [...set.parts.validation][0] ?? -1;
    const firstValidationOfSecond = ([...set.parts.validation].find((row) => row >= rowsOfFirst) ?? -1) - rowsOfFirst;
    expect(lastTrain).toBeLessThan(firstValidationOfSecond);
    expect(lastTrainOfSecond).toBeLessThan(firstValidation);
    expect(firstValidation).toBe(firstValidationOfSecond);
  });

  it('lets nothing behind the cut reach the training part: neither labels nor features nor scales', () => {
    const cut = 33 + ([...set.parts.validation][0] ?? 0);
    const otherFuture = (bars: Bars, seed: number): Bars =>
      mergeBars(sliceBars(bars, 0, cut), {
        ...walk({ seed, count: bars.time.length - cut }),
        time: bars.time.subarray(cut),
      });
    const other = build(otherFuture(first, 77), otherFuture(second, 78));
    expect(other.parts.train).toEqual(set.parts.train);
    expect(other.scales).toEqual(set.scales);
    for (const row of set.parts.train) {
      expect(other.data.targets[row]).toBe(set.data.targets[row]);
      expect(other.data.features.subarray(row * width, (row + 1) * width)).toEqual(
        set.data.features.subarray(row * width, (row + 1) * width),
      );
    }
  });

  it('says which part has no rows, and why that may be', () => {
    const flat = { ...first, close: first.close.map((_, index) => 100 + (index % 2) * 0.1) };
    const error = thrownBy(() => build(flat, flat));
    expect(error.code).toBe('failed_precondition');
    expect(error.message).toContain('No bar of AAA, BBB [1h] has both features and a label in the train part');
  });
});
