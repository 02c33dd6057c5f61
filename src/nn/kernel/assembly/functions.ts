/*
 * Exponential, logarithm and what is made of them, four float32 numbers at a time, from + - * / and shifts alone: IEEE
 * 754 fixes each of those to the last bit, so every processor gives the same. Within a few units in the last place.
 */

/** ln 2 in two parts: the first has so few bits that its product with an exponent is exact. */
const ln2High: f32 = 0.693359375;
const ln2Low: f32 = -0.00021219444005469;
/** 1.5 * 2^23: a number that it is added to is rounded to a whole one, which then stands in the lowest bits. */
const rounder: f32 = 12582912;

/**
 * The numbers of what runs most, in memory: from there one instruction brings a number to all four places of a vector; a
 * vector that stands in the code takes several.
 */
const numbers = memory.data<f32>([
  1,
  2,
  10,
  88,
  -87,
  1 / (ln2High + ln2Low),
  rounder,
  ln2High,
  ln2Low,
  1.0 / 2,
  1.0 / 6,
  1.0 / 24,
  1.0 / 120,
  1.0 / 720,
  1.0 / 5040,
]);

/** The number at an index, four times. */
function number(index: usize): v128 {
  return v128.load32_splat(numbers + index * sizeof<f32>());
}

function one(): v128 {
  return number(0);
}

function two(): v128 {
  return number(1);
}

function ten(): v128 {
  return number(2);
}

function largest(): v128 {
  return number(3);
}

function smallest(): v128 {
  return number(4);
}

function log2e(): v128 {
  return number(5);
}

function roundingNumber(): v128 {
  return number(6);
}

function highLn2(): v128 {
  return number(7);
}

function lowLn2(): v128 {
  return number(8);
}

/** e^x; below -87 and above 88 as if it were there, so that it is neither 0 nor endless. */
export function exp(x: v128): v128 {
  const inside = f32x4.pmax(f32x4.pmin(x, largest()), smallest());
  const rounded = f32x4.add(f32x4.mul(inside, log2e()), roundingNumber());
  const rest = restOf(inside, rounded);
  return f32x4.mul(f32x4.add(one(), expm1OfSmall(rest)), powerOf(rounded));
}

/** 1 / (1 + e^-x). */
export function sigmoid(x: v128): v128 {
  return f32x4.div(one(), f32x4.add(one(), exp(f32x4.neg(x))));
}

/** (e^2|x| - 1) / (e^2|x| + 1) with the sign of x; e^x - 1 is not made of e^x, which has lost the digits of a small x. */
export function tanh(x: v128): v128 {
  const sign = v128.and(x, i32x4.splat(0x80000000));
  const size = f32x4.pmin(v128.xor(x, sign), ten());
  const doubled = f32x4.add(size, size);
  const rounded = f32x4.add(f32x4.mul(doubled, log2e()), roundingNumber());
  const power = powerOf(rounded);
  const growth = f32x4.add(f32x4.mul(expm1OfSmall(restOf(doubled, rounded)), power), f32x4.sub(power, one()));
  return v128.or(f32x4.div(growth, f32x4.add(growth, two())), sign);
}

/** Natural logarithm of normal numbers above 0: x = m * 2^e with m near 1, and log m = 2 artanh((m - 1) / (m + 1)). */
export function log(x: v128): v128 {
  // The exponent of the power of two that brings m into [sqrt(1/2), sqrt(2)).
  const exponent = i32x4.shr_s(i32x4.sub(x, i32x4.splat(0x3f3504f3)), 23);
  const mantissa = i32x4.sub(x, i32x4.shl(exponent, 23));
  const s = f32x4.div(f32x4.sub(mantissa, one()), f32x4.add(mantissa, one()));
  const square = f32x4.mul(s, s);
  let series = f32x4.splat(f32(1.0 / 9));
  series = f32x4.add(f32x4.mul(series, square), f32x4.splat(f32(1.0 / 7)));
  series = f32x4.add(f32x4.mul(series, square), f32x4.splat(f32(1.0 / 5)));
  series = f32x4.add(f32x4.mul(series, square), f32x4.splat(f32(1.0 / 3)));
  const twice = f32x4.add(s, s);
  const whole = f32x4.convert_i32x4_s(exponent);
  const fine = f32x4.add(f32x4.mul(f32x4.mul(twice, square), series), f32x4.mul(whole, f32x4.splat(ln2Low)));
  return f32x4.add(f32x4.mul(whole, f32x4.splat(ln2High)), f32x4.add(twice, fine));
}

/** x less the whole multiple of ln 2 that `rounded` stands for. */
function restOf(x: v128, rounded: v128): v128 {
  const whole = f32x4.sub(rounded, roundingNumber());
  const near = f32x4.sub(x, f32x4.mul(whole, highLn2()));
  return f32x4.sub(near, f32x4.mul(whole, lowLn2()));
}

/** 2 to the whole number that `rounded` stands for: its lowest bits become an exponent, on top of that of 1. */
function powerOf(rounded: v128): v128 {
  return i32x4.add(i32x4.shl(rounded, 23), one());
}

/**
 * e^x - 1 for |x| <= ln(2)/2, where the eighth term of the series is below 6e-9. It is summed by pairs of terms, which do not
 * wait for each other.
 */
function expm1OfSmall(x: v128): v128 {
  const square = f32x4.mul(x, x);
  const low = f32x4.add(number(9), f32x4.mul(number(10), x));
  const middle = f32x4.add(number(11), f32x4.mul(number(12), x));
  const high = f32x4.add(number(13), f32x4.mul(number(14), x));
  const sum = f32x4.add(low, f32x4.mul(square, f32x4.add(middle, f32x4.mul(square, high))));
  return f32x4.add(x, f32x4.mul(square, sum));
}
