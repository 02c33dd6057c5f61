import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DecisionSettings } from '../strategies/index.ts';
import { decide } from './decisions.ts';

const classes = ['BUY', 'HOLD', 'SELL'];
const free: DecisionSettings = {
  outputFormat: 'classification',
  confidenceThreshold: 0,
  positionAwareness: false,
  allowShortFromFlat: false,
};
const chances = { B: [0.6, 0.3, 0.1], b: [0.4, 0.35, 0.25], H: [0.2, 0.6, 0.2], S: [0.1, 0.2, 0.7] } as const;
type Sign = keyof typeof chances;

/** The first letters of the signals, and of why one was withheld in brackets. */
function signalsOf(
  signs: string,
  settings: Partial<DecisionSettings> = {},
  volume?: number[],
  volumeBefore: number[] = [],
): string {
  const count = signs.length;
  return decide(
    {
      outputs: Float32Array.from(signs.split('').flatMap((sign) => chances[sign as Sign])),
      closedAt: Float64Array.from({ length: count }, (_, bar) => bar * 3_600_000),
      bars: Int32Array.from({ length: count }, (_, bar) => bar + volumeBefore.length),
      volume: Float64Array.of(...volumeBefore, ...(volume ?? Array.from({ length: count }, () => 100))),
    },
    classes,
    { ...free, ...settings },
  )
    .map(({ signal, withheld }) => (withheld === undefined ? signal[0] : `(${withheld[0]})`))
    .join('');
}

describe('decide()', () => {
  it('takes the likeliest class, and HOLD where it is not likely enough', () => {
    expect(signalsOf('BbHS')).toBe('BBHS');
    expect(signalsOf('BbHS', { confidenceThreshold: 0.5 })).toBe('B(c)HS');
    expect(signalsOf('BbHS', { confidenceThreshold: 0.65 })).toBe('(c)(c)HS');
  });

  it('knows its position: a signal opens one or closes one, and says nothing twice', () => {
    const aware = { positionAwareness: true };
    expect(signalsOf('SBBHSSB', aware)).toBe('(p)B(p)HS(p)B');
    expect(signalsOf('SBBHSSB', { ...aware, allowShortFromFlat: true })).toBe('SBBHSSB');
    expect(signalsOf('SSBBB', { ...aware, allowShortFromFlat: true })).toBe('S(p)BB(p)');
  });

  it('keeps signals apart', () => {
    expect(signalsOf('BBHSSS', { minSignalSeparationMs: 2 * 3_600_000 })).toBe('B(s)HS(s)S');
  });

  it('wants the usual volume of the bars before', () => {
    const volumeFilter = { period: 2, minRatio: 1 };
    const volume = [100, 100, 100, 90, 95, 96];
    expect(signalsOf('BBBBBB', { volumeFilter }, volume)).toBe('(v)(v)B(v)BB');
    expect(signalsOf('BBBBBB', { volumeFilter }, volume, [99, 99])).toBe('BBB(v)BB');
    expect(signalsOf('BBB', { volumeFilter }, [Number.NaN, Number.NaN, Number.NaN])).toBe('(v)(v)(v)');
  });

  it('lets a signal that was withheld change nothing', () => {
    const rules = { positionAwareness: true, minSignalSeparationMs: 3 * 3_600_000 };
    expect(signalsOf('BSSSSB', rules)).toBe('B(s)(s)S(p)(s)');
  });

  it('takes a regression at its promise less its cost', () => {
    const outputs = Float32Array.of(0.01, 0.004, -0.01, -0.004, 0);
    const bars = { outputs, closedAt: new Float64Array(5), bars: new Int32Array(5), volume: new Float64Array(1) };
    const settings: DecisionSettings = {
      ...free,
      outputFormat: 'regression',
      costModel: { roundTripCost: 0.003, minEdgeMultiplier: 1.5 },
    };
    expect(decide(bars, [], settings).map(({ signal, withheld }) => withheld ?? signal)).toEqual([
      'BUY',
      'cost',
      'SELL',
      'cost',
      'HOLD',
    ]);
  });

  it('names the likeliest state of the market, and its doubt', () => {
    const bars = {
      outputs: Float32Array.of(0.5, 0.3, 0.2, 0, 0.1, 0.2, 0.3, 0.4),
      closedAt: new Float64Array(2),
      bars: new Int32Array(2),
      volume: new Float64Array(1),
    };
    const regimes = ['TRENDING_UP', 'TRENDING_DOWN', 'RANGING', 'VOLATILE'];
    expect(decide(bars, regimes, { ...free, confidenceThreshold: 0.45 })).toEqual([
      { signal: 'TRENDING_UP', value: 0.5 },
      { signal: 'VOLATILE', value: Math.fround(0.4), withheld: 'confidence' },
    ]);
  });

  it('decides each bar without knowing those that follow', () => {
    const signs = fc.array(fc.constantFrom<Sign>('B', 'b', 'H', 'S'), { maxLength: 30 }).map((list) => list.join(''));
    const rules = {
      confidenceThreshold: 0.5,
      positionAwareness: true,
      allowShortFromFlat: true,
      minSignalSeparationMs: 2 * 3_600_000,
    };
    fc.assert(
      fc.property(signs, signs, (early, late) => {
        expect(signalsOf(early + late, rules).startsWith(signalsOf(early, rules))).toBe(true);
      }),
    );
  });
});
