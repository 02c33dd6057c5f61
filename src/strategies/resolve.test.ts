import { describe, expect, it } from 'vitest';
import { parseStrategy } from './parse-strategy.ts';
import { resolvePlan } from './resolve.ts';
import { sampleStrategy } from './sample-strategy.fixture.ts';

const twoTimeframes = sampleStrategy([
  '{ mode: single, timeframe: 1h }',
  '{ mode: multi_timeframe, timeframes: [1h, 1d] }',
]);

describe('resolvePlan()', () => {
  it('orders features by input, timeframe and member, as written', () => {
    const { features } = resolvePlan(parseStrategy(twoTimeframes));
    expect(features.map(({ id }) => id)).toEqual([
      '1h_momentum_low',
      '1h_momentum_middle',
      '1h_momentum_high',
      '1d_momentum_low',
      '1d_momentum_middle',
      '1d_momentum_high',
      '1h_macd_12.histogram_raw',
    ]);
  });

  it('takes the order of the members from the file, not from the alphabet', () => {
    const text = sampleStrategy(
      ['    low: [0, 20, 45]\n', ''],
      ['    high: [55, 80, 100]', '    high: [55, 80, 100]\n    low: [0, 20, 45]'],
    );
    const { features } = resolvePlan(parseStrategy(text));
    expect(features.map(({ id }) => id).slice(0, 3)).toEqual([
      '1h_momentum_middle',
      '1h_momentum_high',
      '1h_momentum_low',
    ]);
  });

  it('lets overrides replace symbols, timeframes, range and seed', () => {
    const plan = resolvePlan(parseStrategy(twoTimeframes), {
      symbols: ['CCC'],
      timeframes: ['1h'],
      start: 5,
      end: 9,
      seed: 3,
    });
    expect(plan).toMatchObject({ symbols: ['CCC'], timeframes: ['1h'], baseTimeframe: '1h', seed: 3 });
    expect(plan.range).toEqual({ start: 5, end: 9 });
    expect(plan.features).toHaveLength(4);
  });

  it('has no range when nothing bounds it, and an open end where only one bound is given', () => {
    const strategy = parseStrategy(sampleStrategy());
    expect(resolvePlan(strategy).range).toBeUndefined();
    expect(resolvePlan(strategy, { start: 5 }).range?.start).toBe(5);
    expect(resolvePlan(strategy, { end: 9 }).range).toEqual({ start: 0, end: 9 });
  });

  it.each([
    [{ timeframes: ['1d'] as const }, 'has an input on 1h'],
    [{ start: 9, end: 9 }, 'is empty'],
    [{ symbols: ['AAA', 'AAA'] }, 'AAA is given twice'],
  ])('refuses %j', (overrides, sentence) => {
    expect(() => resolvePlan(parseStrategy(sampleStrategy()), overrides)).toThrow(sentence);
  });
});
