import { z } from 'zod';
import { exp, KtrdrError, sigmoid as logistic } from '../base/index.ts';

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

/**
 * The degrees of a whole column, each in [0, 1]; NaN where the value is NaN.
 * @param out where the degrees go, of the same length as `values`; may be `values` itself.
 * @throws KtrdrError `invalid_input` when `out` has another length.
 */
export function membershipColumn(
  membership: Membership,
  values: Float64Array,
  out = new Float64Array(values.length),
): Float64Array {
  if (out.length !== values.length) {
    throw new KtrdrError(
      'invalid_input',
      `Cannot write ${values.length} degrees of membership into a column of ${out.length}; give columns of one length.`,
    );
  }
  switch (membership.type) {
    case 'triangular': {
      const [a, b, c] = membership.parameters;
      trapezoidDegrees([a, b, b, c], values, out);
      return out;
    }
    case 'trapezoidal':
      trapezoidDegrees(membership.parameters, values, out);
      return out;
    case 'gaussian':
      gaussianDegrees(membership.parameters, values, out);
      return out;
    case 'sigmoid':
      sigmoidDegrees(membership.parameters, values, out);
      return out;
    default:
      return membership satisfies never;
  }
}

/** The plateau is looked at first: a degree is 1 on it also where a = b or c = d, whose sides fall to -Infinity at once. */
function trapezoidDegrees(
  [a, b, c, d]: readonly [number, number, number, number],
  values: Float64Array,
  out: Float64Array,
): void {
  const rise = b - a;
  const fall = d - c;
  for (let index = 0; index < values.length; index += 1) {
    const x = values[index] ?? Number.NaN;
    const side = x >= b ? (d - x) / fall : (x - a) / rise;
    const degree = x >= b && x <= c ? 1 : side;
    out[index] = degree < 0 ? 0 : degree;
  }
}

function gaussianDegrees([mu, sigma]: readonly [number, number], values: Float64Array, out: Float64Array): void {
  for (let index = 0; index < values.length; index += 1) {
    out[index] = exp(-0.5 * (((values[index] ?? Number.NaN) - mu) / sigma) ** 2);
  }
}

function sigmoidDegrees([center, slope]: readonly [number, number], values: Float64Array, out: Float64Array): void {
  for (let index = 0; index < values.length; index += 1) {
    out[index] = logistic(slope * ((values[index] ?? Number.NaN) - center));
  }
}
