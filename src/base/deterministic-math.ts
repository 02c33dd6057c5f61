/**
 * Exponential, logarithm and hyperbolic tangent from + - * / alone, which IEEE 754 fixes to the last bit. The platform's
 * own may differ in the last digit between machines and versions, and whatever computes step upon step carries it into all.
 * Results are within two units in the last place of the true value.
 */

/** ln 2 in two parts: the first has 32 bits, so that its product with an exponent is exact; the second is the rest. */
const ln2High = 2_977_044_471 / 2 ** 32;
const ln2Low = 1.9082149292705877e-10;

const smallestExponent = -1022;
const largestExponent = 1023;

/** 2^-1022 to 2^1023, by doubling and halving, which are exact. */
const powersOfTwo = (() => {
  const powers = new Float64Array(largestExponent - smallestExponent + 1);
  powers[-smallestExponent] = 1;
  for (let exponent = 1; exponent <= largestExponent; exponent += 1) {
    powers[exponent - smallestExponent] = 2 * (powers[exponent - 1 - smallestExponent] ?? 0);
  }
  for (let exponent = -1; exponent >= smallestExponent; exponent -= 1) {
    powers[exponent - smallestExponent] = (powers[exponent + 1 - smallestExponent] ?? 0) / 2;
  }
  return powers;
})();

const powerOfTwo = (exponent: number): number => powersOfTwo[exponent - smallestExponent] ?? 0;

/** e^x. The exponent is split into a power of two and a rest of at most ln(2)/2, whose Taylor series is short. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 709.782712893384) return Infinity;
  if (x < -745.1332191019412) return 0;
  const exponent = nearestExponent(x);
  const value = 1 + expm1OfSmall(rest(x, exponent));
  if (exponent > largestExponent) return value * 2 * powerOfTwo(largestExponent);
  if (exponent >= smallestExponent) return value * powerOfTwo(exponent);
  return value * powerOfTwo(exponent + 100) * powerOfTwo(-100);
}

/** So many numbers, and what is computed of them on the way, stay in the processor's cache. */
const batch = 256;
const exponents = new Float64Array(batch);
const rests = new Float64Array(batch);
const sums = new Float64Array(batch);

/**
 * Replaces the first `count` numbers x by e^x: to the last bit what `exp` gives, in half the time. Each term of the series
 * waits for the one before it; the processor fills the time with the numbers that come next, and sees more of them where
 * the work on each is short. So the series is gone through in three parts.
 */
export function expInPlace(values: Float64Array, count = values.length): void {
  for (let from = 0; from < count; from += batch) {
    const size = Math.min(batch, count - from);
    for (let index = 0; index < size; index += 1) {
      const x = values[from + index] ?? Number.NaN;
      const exponent = nearestExponent(x);
      const small = rest(x, exponent);
      exponents[index] = exponent;
      rests[index] = small;
      sums[index] = firstTerms(small);
    }
    for (let index = 0; index < size; index += 1) {
      sums[index] = middleTerms(sums[index] ?? Number.NaN, rests[index] ?? Number.NaN);
    }
    for (let index = 0; index < size; index += 1) {
      const value = 1 + lastTerms(sums[index] ?? Number.NaN, rests[index] ?? Number.NaN);
      const exponent = exponents[index] ?? Number.NaN;
      const isOrdinary = exponent >= smallestExponent && exponent < largestExponent;
      // Two assignments: V8 allocates each number that could also have come from a call.
      if (isOrdinary) values[from + index] = value * powerOfTwo(exponent);
      else values[from + index] = exp(values[from + index] ?? Number.NaN);
    }
  }
}

/** Natural logarithm: with x = m * 2^e and m near 1, log x = e * ln 2 + 2 * artanh((m - 1) / (m + 1)). */
export function log(x: number): number {
  if (Number.isNaN(x) || x < 0) return Number.NaN;
  if (x === 0) return -Infinity;
  if (x === Infinity) return x;
  if (x < powerOfTwo(smallestExponent)) return log(x * powerOfTwo(54)) - 54 * ln2High - 54 * ln2Low;
  let exponent = exponentOf(x);
  let mantissa = x / powerOfTwo(exponent);
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let series = 0;
  for (let n = 25; n >= 3; n -= 2) series = (series + 1 / n) * square;
  return exponent * ln2High + (2 * s + (2 * s * series + exponent * ln2Low));
}

export function tanh(x: number): number {
  const size = Math.abs(x);
  if (size > 22) return Math.sign(x);
  const growth = expm1(2 * size);
  const value = growth / (growth + 2);
  return x < 0 ? -value : value;
}

/** 1 / (1 + e^-x). */
export function sigmoid(x: number): number {
  return 1 / (1 + exp(-x));
}

/** base^exponent for a whole exponent of 0 or more, by squaring. */
export function wholePower(base: number, exponent: number): number {
  let result = 1;
  let square = base;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

/** e^x - 1 for moderate x: e^x itself has lost the digits of a small x. */
function expm1(x: number): number {
  const exponent = nearestExponent(x);
  const power = powerOfTwo(exponent);
  return expm1OfSmall(rest(x, exponent)) * power + (power - 1);
}

/** The whole number nearest to log2(e^x). */
function nearestExponent(x: number): number {
  return Math.floor(x * Math.LOG2E + 0.5);
}

/** x - exponent * ln 2. */
function rest(x: number, exponent: number): number {
  return x - exponent * ln2High - exponent * ln2Low;
}

/** e^x - 1 for |x| <= ln(2)/2 = 0.3466, where the 15th term of the series is below 1e-18. */
function expm1OfSmall(x: number): number {
  return lastTerms(middleTerms(firstTerms(x), x), x);
}

function firstTerms(x: number): number {
  let sum = 1 / 87_178_291_200;
  sum = sum * x + 1 / 6_227_020_800;
  sum = sum * x + 1 / 479_001_600;
  return sum * x + 1 / 39_916_800;
}

function middleTerms(first: number, x: number): number {
  let sum = first * x + 1 / 3_628_800;
  sum = sum * x + 1 / 362_880;
  sum = sum * x + 1 / 40_320;
  sum = sum * x + 1 / 5040;
  return sum * x + 1 / 720;
}

function lastTerms(middle: number, x: number): number {
  let sum = middle * x + 1 / 120;
  sum = sum * x + 1 / 24;
  sum = sum * x + 1 / 6;
  sum = sum * x + 0.5;
  return x + x * x * sum;
}

/** The e of x = m * 2^e with 1 <= m < 2, for normal x above 0; by halving the interval of powers. */
function exponentOf(x: number): number {
  let low = smallestExponent;
  let high = largestExponent + 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x < powerOfTwo(middle)) high = middle;
    else low = middle;
  }
  return low;
}
