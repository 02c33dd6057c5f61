import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rollingDeviation, rollingMoments, rollingRange, rollingSum } from './rolling.ts';

const whole = fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 50 });
const period = fc.integer({ min: 1, max: 12 });

const highest = (values: Float64Array, period: number) => rollingRange({ high: values, low: values }, period).highest;
const lowest = (values: Float64Array, period: number) => rollingRange({ high: values, low: values }, period).lowest;

/** The same, window by window. Sums of whole numbers are exact in any order. */
function windows(values: readonly number[], period: number, fold: (window: number[]) => number): Float64Array {
  return Float64Array.from(values, (_, end) =>
    end < period - 1 ? Number.NaN : fold(values.slice(end - period + 1, end + 1)),
  );
}

describe.each([
  ['rollingSum()', rollingSum, (window: number[]) => window.reduce((sum, value) => sum + value, 0)],
  ['the highest of rollingRange()', highest, (window: number[]) => Math.max(...window)],
  ['the lowest of rollingRange()', lowest, (window: number[]) => Math.min(...window)],
])('%s', (_, rolling, fold) => {
  it('equals the fold of each window', () => {
    fc.assert(
      fc.property(whole, period, (values, period) => {
        expect(rolling(Float64Array.from(values), period)).toEqual(windows(values, period, fold));
      }),
    );
  });

  it('forgets what is unknown as soon as it leaves the window', () => {
    const column = rolling(Float64Array.of(1, 2, Number.NaN, 4, 5, 6), 2);
    expect(Array.from(column, Number.isNaN)).toEqual([true, false, true, true, false, false]);
  });
});

describe('rollingSum()', () => {
  it('keeps no trace of a huge value that has left the window', () => {
    const values = new Float64Array(100).fill(0.1);
    values[3] = 1e18;
    expect(rollingSum(values, 4)[99]).toBe(0.4);
  });
});

/** The mean of each window and the mean of `distance` over its distances from that, gone through window by window. */
function spread(values: readonly number[], period: number, distance: (deviation: number) => number) {
  const average = (window: readonly number[]): number => window.reduce((sum, value) => sum + value / window.length, 0);
  return {
    means: windows(values, period, average),
    spreads: windows(values, period, (window) => {
      const center = average(window);
      return average(window.map((value) => distance(value - center)));
    }),
  };
}

const prices = fc.array(fc.double({ min: 1, max: 1e4, noNaN: true }), { maxLength: 40 });

describe.each([
  ['rollingMoments', 'variance', (d: number) => d * d],
  ['rollingDeviation', 'mean deviation', Math.abs],
] as const)('%s()', (name, what, distance) => {
  const rolling = (values: Float64Array, period: number) => {
    if (name === 'rollingDeviation') return rollingDeviation(values, period);
    const { mean, variance } = rollingMoments(values, period);
    return { mean, deviation: variance };
  };

  it(`gives mean and ${what} of each window`, () => {
    fc.assert(
      fc.property(prices, period, (values, period) => {
        const { mean, deviation } = rolling(Float64Array.from(values), period);
        const { means, spreads } = spread(values, period, distance);
        expect(Array.from(mean, Number.isNaN)).toEqual(Array.from(means, Number.isNaN));
        for (let index = period - 1; index < values.length; index += 1) {
          expect(mean[index]).toBeCloseTo(means[index] ?? 0, 9);
          expect(deviation[index]).toBeCloseTo(spreads[index] ?? 0, 5);
        }
      }),
    );
  });

  it('is exactly 0 where nothing moves, and never below', () => {
    const values = new Float64Array(30).fill(0.1);
    expect(rolling(values, 7).deviation.subarray(6)).toEqual(new Float64Array(24));
    fc.assert(
      fc.property(prices, period, (values, period) => {
        expect(rolling(Float64Array.from(values), period).deviation.every((value) => !(value < 0))).toBe(true);
      }),
    );
  });

  it('keeps its digits where the movement is small against the price', () => {
    const values = Float64Array.from({ length: 50 }, (_, index) => 1e9 + (index % 2));
    expect(rolling(values, 10).deviation[49]).toBe(name === 'rollingMoments' ? 0.25 : 0.5);
  });
});
