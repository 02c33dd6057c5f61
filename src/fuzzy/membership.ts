import { z } from 'zod';
import { expInPlace } from '../base/index.ts';

const rising = (values: readonly number[]): boolean =>
  values.every((value, index) => index === 0 || (values[index - 1] ?? value) <= value);

const named = <const Name extends string, const Alias extends string>(name: Name, alias: Alias) =>
  z.enum([name, alias]).transform(() => name);

const triangular = z.strictObject({
  type: named('triangular', 'triangle'),
  parameters: z
    .tuple([z.number(), z.number(), z.number()], 'a triangular membership has three parameters: [a, b, c]')
    .refine(rising, 'the parameters of a triangular membership must rise: a <= b <= c'),
});

const trapezoidal = z.strictObject({
  type: named('trapezoidal', 'trapezoid'),
  parameters: z
    .tuple(
      [z.number(), z.number(), z.number(), z.number()],
      'a trapezoidal membership has four parameters: [a, b, c, d]',
    )
    .refine(rising, 'the parameters of a trapezoidal membership must rise: a <= b <= c <= d'),
});

const gaussian = z.strictObject({
  type: z.literal('gaussian'),
  parameters: z
    .tuple([z.number(), z.number()], 'a gaussian membership has two parameters: [mu, sigma]')
    .refine(([, sigma]) => sigma > 0, 'the second parameter of a gaussian membership, sigma, must be above 0'),
});

const sigmoid = z.strictObject({
  type: z.literal('sigmoid'),
  parameters: z
    .tuple([z.number(), z.number()], 'a sigmoid membership has two parameters: [center, slope]')
    .refine(([, slope]) => slope !== 0, 'the second parameter of a sigmoid membership, slope, must not be 0'),
});

/** How a strategy file writes a membership: `{ type: 'triangular', parameters: [20, 30, 40] }`. Parsing resolves aliases. */
export const membershipSchema = z.discriminatedUnion('type', [triangular, trapezoidal, gaussian, sigmoid]);

/**
 * To what degree a value belongs to a fuzzy set, from 0 (not at all) to 1 (fully).
 *
 * | type        | parameters   | degree at x                                                     |
 * | ----------- | ------------ | --------------------------------------------------------------- |
 * | triangular  | a <= b <= c  | 1 at b, 0 outside [a, c], linear between; a = b or b = c is a cliff |
 * | trapezoidal | a, b, c, d   | 1 on [b, c], 0 outside [a, d], linear between                    |
 * | gaussian    | mu, sigma    | exp(-((x - mu) / sigma)^2 / 2)                                   |
 * | sigmoid     | center, slope | 1 / (1 + exp(-slope * (x - center))): 0.5 at center, rising for a slope above 0 |
 */
export type Membership = z.infer<typeof membershipSchema>;

/** The degrees of a whole column, each in [0, 1]; NaN where the value is NaN. */
export function membershipColumn(membership: Membership, values: Float64Array): Float64Array {
  const degrees = new Float64Array(values.length);
  writeDegrees(membership, { values, from: 0, to: values.length }, { into: degrees, at: 0, step: 1 });
  return degrees;
}

/** Some of the values of a column: those from the index `from` up to `to`. */
export interface Stretch {
  readonly values: Float64Array;
  readonly from: number;
  readonly to: number;
}

/** Where numbers go: the first to `at`, each further one `step` places behind the one before, as in a column of rows. */
export interface Places {
  readonly into: Float32Array | Float64Array;
  readonly at: number;
  readonly step: number;
}

/** Writes the degree of each value, which lies in [0, 1]; NaN where the value is NaN. */
export function writeDegrees(membership: Membership, values: Stretch, places: Places): void {
  switch (membership.type) {
    case 'triangular': {
      const [a, b, c] = membership.parameters;
      return writeTrapezoid([a, b, b, c], values, places);
    }
    case 'trapezoidal':
      return writeTrapezoid(membership.parameters, values, places);
    case 'gaussian':
      return writeGaussian(membership.parameters, values, places);
    case 'sigmoid':
      return writeSigmoid(membership.parameters, values, places);
    default:
      return membership satisfies never;
  }
}

type Corners = readonly [number, number, number, number];

/** A value on the plateau or outside needs no division, nor does it meet the 0 of a side that is a cliff. */
function writeTrapezoid([a, b, c, d]: Corners, { values, from, to }: Stretch, { into, at, step }: Places): void {
  const rise = b - a;
  const fall = d - c;
  for (let index = from, place = at; index < to; index += 1, place += step) {
    const x = values[index] ?? Number.NaN;
    let degree = 0;
    if (x >= b) {
      if (x <= c) degree = 1;
      else if (x < d) degree = (d - x) / fall;
    } else if (x > a) degree = (x - a) / rise;
    else if (Number.isNaN(x)) degree = x;
    into[place] = degree;
  }
}

/** What e^x is taken of, so many values at a time. */
const powers = new Float64Array(256);

function writeGaussian([mu, sigma]: readonly [number, number], stretch: Stretch, { into, at, step }: Places): void {
  const { values, from, to } = stretch;
  for (let first = from, place = at; first < to; first += powers.length) {
    const count = Math.min(powers.length, to - first);
    for (let index = 0; index < count; index += 1) {
      const distance = ((values[first + index] ?? Number.NaN) - mu) / sigma;
      powers[index] = -0.5 * (distance * distance);
    }
    expInPlace(powers, count);
    for (let index = 0; index < count; index += 1, place += step) into[place] = powers[index] ?? Number.NaN;
  }
}

function writeSigmoid([center, slope]: readonly [number, number], stretch: Stretch, { into, at, step }: Places): void {
  const { values, from, to } = stretch;
  for (let first = from, place = at; first < to; first += powers.length) {
    const count = Math.min(powers.length, to - first);
    for (let index = 0; index < count; index += 1) {
      powers[index] = -slope * ((values[first + index] ?? Number.NaN) - center);
    }
    expInPlace(powers, count);
    for (let index = 0; index < count; index += 1, place += step) {
      into[place] = 1 / (1 + (powers[index] ?? Number.NaN));
    }
  }
}
