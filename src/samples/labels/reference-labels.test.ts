import { describe, expect, it } from 'vitest';
import type { Bars } from '../../market/index.ts';
import { averageUniqueness } from './average-uniqueness.ts';
import type { BarLabels } from './bar-labels.ts';
import { cusumEvents } from './cusum-events.ts';
import { referenceLabels as reference } from './reference-labels.fixture.ts';
import { regimeLabels } from './regime.ts';
import { tripleBarrierLabels } from './triple-barrier.ts';
import { volatility } from './volatility.ts';
import { zigzagLabels } from './zigzag.ts';

const count = reference.close.length;
const bars: Bars = {
  time: Float64Array.from({ length: count }, (_, bar) => bar * 3_600_000),
  open: Float64Array.from(reference.open),
  high: Float64Array.from(reference.high),
  low: Float64Array.from(reference.low),
  close: Float64Array.from(reference.close),
  volume: new Float64Array(count).fill(Number.NaN),
};
const span = 20;
const swing = volatility(bars, { method: 'close', span });
const barriers = {
  takeProfit: 2,
  stopLoss: 1.5,
  maxHolding: 12,
  volatilitySpan: span,
  volatilityMethod: 'close',
  weights: true,
} as const;

/** Bar, label and the bar that decided it in turn. */
function decided({ values, decidedAt }: BarLabels): number[] {
  return [...values.entries()].flatMap(([bar, value]) => {
    const last = decidedAt[bar] ?? -1;
    return last < 0 ? [] : [bar, value, last];
  });
}

function expectClose(found: Iterable<number>, expected: readonly number[], digits: number): void {
  const values = [...found];
  expect(values).toHaveLength(expected.length);
  for (const [index, value] of values.entries()) expect(value).toBeCloseTo(expected[index] ?? Number.NaN, digits);
}

describe('labels by a second implementation', () => {
  it('have the same volatility', () => {
    expect(swing.subarray(0, span).every((value) => Number.isNaN(value))).toBe(true);
    expectClose(swing.subarray(span), reference.volatility, 11);
  });

  it('have the same events, of a fixed threshold and of one that moves with the volatility', () => {
    expect(cusumEvents(bars.close, new Float64Array(count).fill(0.012))).toEqual(reference.events);
    expect(
      cusumEvents(
        bars.close,
        swing.map((value) => 1.5 * value),
      ),
    ).toEqual(reference.eventsOfVolatility);
  });

  it('meet the same barriers at the same bars, and are as unique', () => {
    const all = tripleBarrierLabels(bars, barriers);
    expect(decided(all)).toEqual(reference.barriers);
    expectClose(averageUniqueness(all.decidedAt).filter(Number.isFinite), reference.uniqueness, 8);
    const some = tripleBarrierLabels(bars, { ...barriers, cusum: { multiplier: 1.5 } });
    expect(decided(some)).toEqual(reference.barriersOfEvents);
    expectClose((some.weights ?? []).filter(Number.isFinite), reference.uniquenessOfEvents, 8);
  });

  it('follow the same legs', () => {
    const { values } = zigzagLabels(bars.close, 0.03);
    const known = values.subarray(0, reference.zigzag.length / 2);
    expect([...known.entries()].flat()).toEqual(reference.zigzag);
  });

  it('name the same states of the market', () => {
    const options = { macroAtrMultiple: 4, microAtrMultiple: 1.4, atrPeriod: 5, volatilityLookback: 20 };
    expect(decided(regimeLabels(bars, { ...options, volatilityCrisis: 1.2, tolerance: 0.05 }))).toEqual(
      reference.regime,
    );
    expect(new Set(reference.regime.filter((_, index) => index % 3 === 1))).toEqual(new Set([0, 1, 2, 3]));
  });
});
