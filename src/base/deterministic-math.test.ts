import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exp, expInPlace, log, sigmoid, tanh, wholePower } from './deterministic-math.ts';

/** About two units in the last place; the platform's own functions may be off by one of them. */
const tolerance = 4.5e-16;

/** Relative, and absolute below the normal numbers, where digits run out. */
function expectClose(actual: number, expected: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance * Math.abs(expected) + Number.MIN_VALUE);
}

const anywhere = (from: number, to: number) => fc.double({ min: from, max: to, noNaN: true });

describe.each([
  ['exp', exp, Math.exp, [-745, 709], [0, -0, 1, -1, Math.LN2 / 2, -708.5, -740, 709.7]],
  [
    'log',
    log,
    Math.log,
    [Number.MIN_VALUE, Number.MAX_VALUE],
    [1, 2, 0.5, Math.SQRT2, 1 - 2 ** -53, 1 + 2 ** -52, 2 ** -1074],
  ],
  ['tanh', tanh, Math.tanh, [-30, 30], [0, 0.17, -0.17, 1e-300, 1e-9, 0.169999, 22]],
] as const)('%s()', (_, own, platform, [from, to], corners) => {
  it('is within two units in the last place of the true value', () => {
    for (const x of corners) expectClose(own(x), platform(x));
    fc.assert(
      fc.property(fc.oneof(anywhere(from, to), anywhere(Math.max(from, -2), 2)), (x) => {
        expectClose(own(x), platform(x));
        expect(own(x)).not.toBeNaN();
      }),
      { numRuns: 5000 },
    );
  });
});

describe('expInPlace()', () => {
  it('gives to the last bit what exp() gives, number by number, and leaves those behind the count', () => {
    const corners = [0, -0, 1e-300, 708, -708, -708.4, 709.4, 709.8, -740, -745.2, -1e9, 1e300];
    const ends = fc.constantFrom(...corners, Number.NaN, Infinity, -Infinity);
    const values = fc.array(fc.oneof(anywhere(-745, 709), anywhere(-2, 2), ends), { maxLength: 600 });
    fc.assert(
      fc.property(values, fc.nat(600), (values, count) => {
        const column = Float64Array.from(values);
        expInPlace(column, Math.min(count, values.length));
        expect(column).toEqual(Float64Array.from(values, (x, index) => (index < count ? exp(x) : x)));
      }),
      { numRuns: 50, examples: [[corners, corners.length]] },
    );
  });
});

describe('the ends', () => {
  it.each([
    [exp(Infinity), Infinity],
    [exp(710), Infinity],
    [exp(-Infinity), 0],
    [exp(-746), 0],
    [exp(Number.NaN), Number.NaN],
    [exp(0), 1],
    [log(0), -Infinity],
    [log(-1), Number.NaN],
    [log(Infinity), Infinity],
    [log(Number.NaN), Number.NaN],
    [log(1), 0],
    [tanh(Infinity), 1],
    [tanh(-Infinity), -1],
    [tanh(Number.NaN), Number.NaN],
    [sigmoid(-Infinity), 0],
    [sigmoid(Infinity), 1],
    [sigmoid(0), 0.5],
    [wholePower(0.9, 0), 1],
    [wholePower(2, 10), 1024],
    [wholePower(-3, 3), -27],
  ])('%d is %d', (actual, expected) => {
    expect(actual).toBe(expected);
  });
});

describe('every machine', () => {
  it('gives the same bits', () => {
    const hash = createHash('sha256');
    const bytes = Buffer.alloc(8);
    for (let index = -4000; index <= 4000; index += 1) {
      const x = index / 129;
      for (const value of [exp(x), log(Math.abs(x) + 2 ** -40), tanh(x), sigmoid(x)]) {
        bytes.writeDoubleLE(value);
        hash.update(bytes);
      }
    }
    expect(hash.digest('hex')).toBe('a13d209329cde2d4de2d73602e22a22f2f77bdc72c3105ae0f480bbf975af123');
  });
});
