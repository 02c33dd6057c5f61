import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from '../base/index.ts';
import { type Membership, membershipColumn, membershipSchema, writeDegrees } from './membership.ts';

const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const ascending = (count: number) =>
  fc.array(number, { minLength: count, maxLength: count }).map((values) => values.toSorted((a, b) => a - b));

const triangular = ascending(3).map(([a = 0, b = 0, c = 0]): Membership => ({
  type: 'triangular',
  parameters: [a, b, c],
}));
const trapezoidal = ascending(4).map(([a = 0, b = 0, c = 0, d = 0]): Membership => ({
  type: 'trapezoidal',
  parameters: [a, b, c, d],
}));
const gaussian = fc
  .tuple(number, fc.double({ min: 1e-3, max: 1e6, noNaN: true }))
  .map(([mu, sigma]): Membership => ({ type: 'gaussian', parameters: [mu, sigma] }));
const sigmoid = fc
  .tuple(
    number,
    fc.double({ min: -1e3, max: 1e3, noNaN: true }).filter((slope) => slope !== 0),
  )
  .map(([center, slope]): Membership => ({ type: 'sigmoid', parameters: [center, slope] }));
const anyMembership = fc.oneof(triangular, trapezoidal, gaussian, sigmoid);

const degrees = (membership: Membership, values: number[]): number[] => [
  ...membershipColumn(membership, Float64Array.from(values)),
];
const read = (value: unknown): Membership => parse(membershipSchema, value, 'the membership');

/** Up to a few units in the last place: a platform's exponential need not be monotone between neighbouring numbers. */
const isRising = (values: number[]): boolean =>
  values.every((value, index) => index === 0 || (values[index - 1] ?? value) <= value + 1e-15);

/** Where the degree is full: from the first number to the second. */
function core({ type, parameters }: Membership): [number, number] {
  if (type === 'trapezoidal') return [parameters[1], parameters[2]];
  const middle = type === 'triangular' ? parameters[1] : parameters[0];
  return [middle, middle];
}

describe('membershipColumn()', () => {
  it('gives the degrees of a triangle', () => {
    const membership: Membership = { type: 'triangular', parameters: [20, 30, 50] };
    expect(degrees(membership, [19, 20, 25, 30, 40, 50, 51])).toEqual([0, 0, 0.5, 1, 0.5, 0, 0]);
  });

  it('gives the degrees of a trapezoid', () => {
    const membership: Membership = { type: 'trapezoidal', parameters: [0, 10, 20, 40] };
    expect(degrees(membership, [-1, 0, 5, 10, 15, 20, 30, 40, 41])).toEqual([0, 0, 0.5, 1, 1, 1, 0.5, 0, 0]);
  });

  it('gives the degrees of a gaussian: 1 at mu, exp(-1/2) one sigma away', () => {
    const [left, middle, right] = degrees({ type: 'gaussian', parameters: [50, 10] }, [40, 50, 60]);
    expect(middle).toBe(1);
    expect(left).toBeCloseTo(Math.exp(-0.5), 15);
    expect(right).toBe(left);
  });

  it('gives the degrees of a sigmoid: 1/2 at the center, rising or falling with the sign of its slope', () => {
    expect(degrees({ type: 'sigmoid', parameters: [70, 1] }, [70])).toEqual([0.5]);
    expect(degrees({ type: 'sigmoid', parameters: [70, Math.log(3)] }, [71])[0]).toBeCloseTo(0.75, 15);
    expect(degrees({ type: 'sigmoid', parameters: [70, -Math.log(3)] }, [71])[0]).toBeCloseTo(0.25, 15);
  });

  it('takes a flat side as a cliff with 1 on its edge', () => {
    expect(degrees({ type: 'triangular', parameters: [0, 0, 10] }, [-0.001, 0, 5])).toEqual([0, 1, 0.5]);
    expect(degrees({ type: 'triangular', parameters: [0, 10, 10] }, [5, 10, 10.001])).toEqual([0.5, 1, 0]);
    expect(degrees({ type: 'triangular', parameters: [7, 7, 7] }, [6, 7, 8])).toEqual([0, 1, 0]);
  });

  it('keeps what is unknown unknown', () => {
    fc.assert(
      fc.property(anyMembership, (membership) => {
        expect(degrees(membership, [Number.NaN])).toEqual([Number.NaN]);
      }),
    );
  });

  it('stays in [0, 1] for every number, infinite ones included', () => {
    fc.assert(
      fc.property(anyMembership, fc.array(fc.double({ noNaN: true })), (membership, values) => {
        for (const degree of degrees(membership, values)) {
          expect(degree).toBeGreaterThanOrEqual(0);
          expect(degree).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('rises up to the core and falls after it, and is 1 on the core', () => {
    fc.assert(
      fc.property(fc.oneof(triangular, trapezoidal, gaussian), fc.array(number), (membership, values) => {
        const [from, to] = core(membership);
        const sorted = values.toSorted((a, b) => a - b);
        const left = degrees(membership, [...sorted.filter((x) => x < from), from]);
        const right = degrees(membership, [to, ...sorted.filter((x) => x > to)]);
        expect(left.at(-1)).toBe(1);
        expect(right[0]).toBe(1);
        expect(isRising(left)).toBe(true);
        expect(isRising(right.toReversed())).toBe(true);
      }),
    );
  });

  it('is monotone for a sigmoid', () => {
    fc.assert(
      fc.property(sigmoid, fc.array(number), (membership, values) => {
        const result = degrees(
          membership,
          values.toSorted((a, b) => a - b),
        );
        expect(isRising(membership.parameters[1] > 0 ? result : result.toReversed())).toBe(true);
      }),
    );
  });

  it('gives the values of a long column the degrees that each has by itself', () => {
    fc.assert(
      fc.property(anyMembership, fc.array(number, { minLength: 250, maxLength: 600 }), (membership, values) => {
        expect(degrees(membership, values)).toEqual(values.flatMap((value) => degrees(membership, [value])));
      }),
      { numRuns: 20 },
    );
  });
});

describe('writeDegrees()', () => {
  it('writes those of a stretch to places a step apart, and nothing between them', () => {
    const into = new Float32Array(8).fill(-1);
    const stretch = { values: Float64Array.of(0, 25, 30, 40, 0), from: 1, to: 4 };
    writeDegrees({ type: 'triangular', parameters: [20, 30, 50] }, stretch, { into, at: 1, step: 3 });
    expect([...into]).toEqual([-1, 0.5, -1, -1, 1, -1, -1, 0.5]);
  });
});

describe('membershipSchema', () => {
  it.each([
    ['triangle', 'triangular', [1, 2, 3]],
    ['trapezoid', 'trapezoidal', [1, 2, 3, 4]],
  ])('reads the alias %s as %s', (alias, type, parameters) => {
    expect(read({ type: alias, parameters })).toEqual({ type, parameters });
  });

  it.each([
    [{ type: 'triangular', parameters: [30, 20, 40] }, 'must rise: a <= b <= c'],
    [{ type: 'trapezoidal', parameters: [1, 2, 4, 3] }, 'must rise: a <= b <= c <= d'],
    [{ type: 'gaussian', parameters: [50, 0] }, 'sigma, must be above 0'],
    [{ type: 'sigmoid', parameters: [50, 0] }, 'slope, must not be 0'],
    [{ type: 'triangular', parameters: [1, 2] }, 'three parameters: [a, b, c]'],
    [{ type: 'triangular', parameters: [1, 2, Infinity] }, 'parameters.2'],
    [{ type: 'bell', parameters: [1, 2, 3] }, 'type'],
    [{ type: 'gaussian', parameters: [1, 2], weight: 3 }, 'weight'],
  ])('refuses %j', (value, sentence) => {
    expect(() => read(value)).toThrow(sentence);
  });
});
