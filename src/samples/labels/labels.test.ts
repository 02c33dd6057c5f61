import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barCount, sliceBars, type Bars } from '../../market/index.ts';
import { randomBars } from '../random-walk.fixture.ts';
import { averageUniqueness } from './average-uniqueness.ts';
import type { BarLabels } from './bar-labels.ts';
import { contextLabels } from './context.ts';
import { cusumEvents } from './cusum-events.ts';
import { buy, hold, sell } from './directions.ts';
import { forwardReturns } from './forward-return.ts';
import { regimeLabels } from './regime.ts';
import { tripleBarrierLabels } from './triple-barrier.ts';
import { volatility } from './volatility.ts';
import { zigzagLabels } from './zigzag.ts';

const barrier = {
  takeProfit: 2,
  stopLoss: 1.5,
  maxHolding: 6,
  volatilitySpan: 4,
  volatilityMethod: 'atr',
  weights: false,
} as const;
const regime = {
  macroAtrMultiple: 3,
  microAtrMultiple: 1,
  atrPeriod: 3,
  volatilityLookback: 8,
  volatilityCrisis: 1.5,
  tolerance: 0.5,
};

const kinds: [string, (bars: Bars) => BarLabels][] = [
  ['zigzag', ({ close }) => zigzagLabels(close, 0.02)],
  ['forward return', ({ close }) => forwardReturns(close, 3)],
  ['context', ({ close }) => contextLabels(close, { horizon: 3, bullish: 0.005, bearish: -0.005 })],
  ['triple barrier', (bars) => tripleBarrierLabels(bars, barrier)],
  ['triple barrier on closes', (bars) => tripleBarrierLabels(bars, { ...barrier, volatilityMethod: 'close' })],
  ['triple barrier of events', (bars) => tripleBarrierLabels(bars, { ...barrier, cusum: { multiplier: 0.5 } })],
  ['regime', (bars) => regimeLabels(bars, regime)],
];

describe.each(kinds)('%s labels', (_, labelsOf) => {
  it('stand once they are decided, whatever comes after', () => {
    fc.assert(
      fc.property(randomBars({ maxLength: 80 }), fc.nat(), (bars, cut) => {
        const count = barCount(bars) === 0 ? 0 : cut % barCount(bars);
        const whole = labelsOf(bars);
        const early = labelsOf(sliceBars(bars, 0, count));
        for (let index = 0; index < count; index += 1) {
          const decidedAt = whole.decidedAt[index] ?? -1;
          const isKnown = decidedAt >= 0 && decidedAt < count;
          expect(early.values[index], `bar ${index} of ${count}`).toEqual(isKnown ? whole.values[index] : Number.NaN);
          expect(early.decidedAt[index]).toBe(isKnown ? decidedAt : -1);
        }
      }),
    );
  });

  it('are decided at their bar or later, and only where there is one', () => {
    fc.assert(
      fc.property(randomBars({ maxLength: 80 }), (bars) => {
        const { values, decidedAt } = labelsOf(bars);
        for (const [index, at] of decidedAt.entries()) {
          expect(at === -1).toBe(Number.isNaN(values[index]));
          if (at !== -1) expect(at).toBeGreaterThanOrEqual(index);
          expect(at).toBeLessThan(barCount(bars));
        }
      }),
    );
  });

  it('exist', () => {
    const counts = fc.sample(randomBars({ minLength: 60, maxLength: 80 }), { seed: 7, numRuns: 20 });
    expect(counts.some((bars) => labelsOf(bars).decidedAt.some((at) => at >= 0))).toBe(true);
  });
});

const flat = (...closes: number[]): Bars => rows(...closes.map((close) => [close, close, close, close] as const));

/** Bars of open, high, low and close. */
function rows(...prices: (readonly [open: number, high: number, low: number, close: number])[]): Bars {
  const column = (place: 0 | 1 | 2 | 3): Float64Array => Float64Array.from(prices, (price) => price[place]);
  return {
    time: Float64Array.from(prices, (_, index) => index * 3_600_000),
    open: column(0),
    high: column(1),
    low: column(2),
    close: column(3),
    volume: new Float64Array(prices.length).fill(1),
  };
}

describe('forwardReturns()', () => {
  it('is the gain from close to close over the horizon', () => {
    const { values, decidedAt } = forwardReturns(Float64Array.of(100, 110, 99, 120), 2);
    expect(Array.from(values, (value) => Math.round(value * 1e9) / 1e9)).toEqual([
      -0.01,
      0.090909091,
      Number.NaN,
      Number.NaN,
    ]);
    expect([...decidedAt]).toEqual([2, 3, -1, -1]);
  });

  it('knows no gain from a price of 0', () => {
    expect([...forwardReturns(Float64Array.of(0, 1, 2), 1).values]).toEqual([Number.NaN, 1, Number.NaN]);
  });
});

describe('contextLabels()', () => {
  it('takes a gain of exactly a threshold as neutral', () => {
    const closes = Float64Array.of(100, 150, 75, 76);
    const { values } = contextLabels(closes, { horizon: 1, bullish: 0.5, bearish: -0.5 });
    expect([...values]).toEqual([2, 2, 2, Number.NaN]);
    const closer = contextLabels(closes, { horizon: 1, bullish: 0.4, bearish: -0.4 });
    expect([...closer.values]).toEqual([0, 1, 2, Number.NaN]);
  });
});

describe('tripleBarrierLabels()', () => {
  // Ranges of 2 around 100: one unit of volatility is 2, so the barriers lie at 104 and 97.
  const calm = [100, 101, 99, 100] as const;
  const options = { ...barrier, volatilitySpan: 2, maxHolding: 3 };
  const labelAfterCalm = (...later: (readonly [number, number, number, number])[]): [number, number] => {
    const { values, decidedAt } = tripleBarrierLabels(rows(calm, calm, calm, ...later), options);
    return [values[2] ?? -1, decidedAt[2] ?? -1];
  };

  it('is the barrier that is met first', () => {
    expect(labelAfterCalm(calm, [100, 104, 100, 101])).toEqual([buy, 4]);
    expect(labelAfterCalm(calm, [100, 100, 97, 101])).toEqual([sell, 4]);
    expect(labelAfterCalm(calm, calm, calm)).toEqual([hold, 5]);
    expect(labelAfterCalm(calm, calm)).toEqual([Number.NaN, -1]);
  });

  it('is the one nearer to the open where a bar meets both, and the lower one where they are equally near', () => {
    expect(labelAfterCalm([103, 105, 90, 100])).toEqual([buy, 3]);
    expect(labelAfterCalm([98, 105, 90, 100])).toEqual([sell, 3]);
    expect(labelAfterCalm([100.5, 105, 90, 100])).toEqual([sell, 3]);
  });

  it('labels nothing where prices do not move at all', () => {
    expect([...tripleBarrierLabels(flat(...Array.from({ length: 12 }, () => 100)), barrier).decidedAt]).toEqual(
      Array.from({ length: 12 }, () => -1),
    );
  });

  it('labels only bars at which something has happened, when asked', () => {
    const prices = flat(100, 101, 100, 101, 104, 104, 109, 109, 109, 109, 109, 109, 109, 109, 109);
    const { decidedAt } = tripleBarrierLabels(prices, { ...barrier, volatilitySpan: 2, cusum: { threshold: 0.025 } });
    expect([...decidedAt.keys()].filter((index) => decidedAt[index] !== -1)).toEqual([4, 6]);
  });

  it('lets labels that share their bars count less, when asked', () => {
    expect(tripleBarrierLabels(flat(1, 2, 3), barrier).weights).toBeUndefined();
    const bars = rows(calm, calm, calm, calm, calm, calm, calm, calm);
    const { weights } = tripleBarrierLabels(bars, { ...options, weights: true });
    expect([...(weights ?? [])].map((weight) => Math.round(weight * 1_000) / 1_000)).toEqual([
      Number.NaN,
      Number.NaN,
      0.611,
      0.444,
      0.611,
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
  });
});

describe('averageUniqueness()', () => {
  it('is one for labels that share nothing, and half where two look at the same bars', () => {
    expect([...averageUniqueness(Int32Array.of(2, -1, 4, -1, -1))]).toEqual([1, Number.NaN, 1, Number.NaN, Number.NaN]);
    expect(averageUniqueness(Int32Array.of(3, 3, -1, -1))[0]).toBeCloseTo((1 + 0.5 + 0.5) / 3, 12);
    expect(averageUniqueness(Int32Array.of(3, 3, -1, -1))[1]).toBeCloseTo(0.5, 12);
  });
});

describe('cusumEvents()', () => {
  it('waits for a move in one direction and begins anew after it', () => {
    const thresholds = new Float64Array(7).fill(0.05);
    expect(cusumEvents(Float64Array.of(100, 103, 106, 106, 103, 100, 103), thresholds)).toEqual([2, 5]);
    expect(cusumEvents(Float64Array.of(100, 104, 100, 104, 100, 104, 100), thresholds)).toEqual([]);
  });
});

describe('volatility()', () => {
  it('of closes is the exponentially weighted deviation of their returns', () => {
    // pandas: Series([.1, -.05, .02, 0]).ewm(span=3, adjust=False).std(bias=True)
    const closes = [100, 110, 104.5, 106.59, 106.59];
    const found = volatility(flat(...closes), { method: 'close', span: 3 });
    expect([...found.subarray(0, 3)]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(found[3]).toBeCloseTo(0.05309190145, 10);
    expect(found[4]).toBeCloseTo(0.03919103852, 10);
  });
});

describe('regimeLabels()', () => {
  const ramp = (from: number, step: number, count: number): number[] =>
    Array.from({ length: count }, (_, index) => from + step * index);
  const options = { ...regime, volatilityLookback: 1_000 };
  const named = (closes: readonly number[]): string =>
    [...regimeLabels(flat(...closes), options).values].map((label) => 'udrv'[label] ?? '.').join('');

  it('calls a leg without a deep retracement a trend, and one with some ranging', () => {
    expect(named([...ramp(100, 1, 12), ...ramp(110, -1, 12), ...ramp(100, 1, 8)])).toBe(
      `${'.'.repeat(3)}${'u'.repeat(8)}${'d'.repeat(12)}${'.'.repeat(9)}`,
    );
    const halting = [...ramp(100, 1, 10), 107, 106.5, 107, 108, 109, 110, 111];
    expect(named([...halting, ...ramp(110, -1, 12)])).toMatch(/^\.{3}u{13}\.+$/);
    const strict = regimeLabels(flat(...halting, ...ramp(110, -1, 12)), { ...options, tolerance: 0.25 });
    expect([...strict.values.subarray(3, 16)]).toEqual(Array.from({ length: 13 }, () => 2));
  });

  it('calls a bar volatile whose range is far beyond the usual', () => {
    const closes = [...ramp(100, 1, 12), 121, ...ramp(118, -1, 12), ...ramp(107, 1, 8)];
    const labels = regimeLabels(flat(...closes), { ...options, volatilityLookback: 6 });
    expect(labels.values[12]).toBe(3);
    expect(labels.values[10]).toBe(0);
  });

  it('labels nothing where prices stand still', () => {
    expect(named(ramp(100, 0, 30))).toBe('.'.repeat(30));
  });
});
