import { describe, expect, it } from 'vitest';
import { normalize } from './normalize.ts';
import type { Feature, Normalization } from '../strategies/index.ts';

const raw = (normalization: Normalization): Feature => ({
  id: `1h_x_raw`,
  timeframe: '1h',
  lag: 0,
  kind: 'raw',
  reference: 'x',
  source: { indicator: 'x', output: 'value' },
  normalization,
});

describe('normalize()', () => {
  it('brings the training rows of a minmax column into [0, 1] and lets later rows lie outside', () => {
    const values = Float32Array.of(10, 20, 30, 50);
    expect(normalize(values, [raw('minmax')], Int32Array.of(0, 1, 2))).toEqual([
      { method: 'minmax', offset: 10, scale: 20 },
    ]);
    expect([...values]).toEqual([0, 0.5, 1, 2]);
  });

  it('gives the training rows of a zscore column mean 0 and deviation 1', () => {
    const values = Float32Array.of(2, 4, 6, 8, 100);
    normalize(values, [raw('zscore')], Int32Array.of(0, 1, 2, 3));
    const train = [...values].slice(0, 4);
    expect(train.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 6);
    expect(train.reduce((sum, value) => sum + value ** 2, 0) / 4).toBeCloseTo(1, 6);
  });

  it('looks at no other row than those of the training part', () => {
    const [first, second] = [Float32Array.of(1, 2, 3), Float32Array.of(1, 2, 999)];
    const rows = Int32Array.of(0, 1);
    expect(normalize(first, [raw('zscore')], rows)).toEqual(normalize(second, [raw('zscore')], rows));
  });

  it('changes only the columns that ask for it', () => {
    const values = Float32Array.of(1, 10, 2, 20);
    normalize(values, [raw('none'), raw('minmax')], Int32Array.of(0, 1));
    expect([...values]).toEqual([1, 0, 2, 1]);
  });

  it.each(['minmax', 'zscore'] as const)('makes a constant %s column 0', (method) => {
    const values = Float32Array.of(5, 5);
    normalize(values, [raw(method)], Int32Array.of(0, 1));
    expect([...values]).toEqual([0, 0]);
  });
});
