import { describe, expect, it } from 'vitest';
import { compareModels, comparisonSchema } from './compare-models.ts';
import { storedSample } from './stored-sample.fixture.ts';

describe('compareModels()', () => {
  it('finds nothing between a model and itself', () => {
    const model = storedSample();
    const { identical, lineage, settings, metrics } = compareModels(model, model);
    expect(identical).toBe(true);
    expect(lineage.every(({ same }) => same)).toBe(true);
    expect(settings).toEqual([]);
    expect(metrics.length).toBeGreaterThan(10);
    expect(metrics.every(({ difference }) => difference === 0)).toBe(true);
  });

  it('names each setting that differs, by its place, and what only one of them has', () => {
    const first = storedSample();
    const second = storedSample(
      ['zigzag_threshold: 0.02', 'zigzag_threshold: 0.05'],
      ['low: [0, 20, 45]', 'low: [0, 20, 40]'],
    );
    const { settings } = compareModels(first, second);
    expect(settings).toEqual([
      { name: 'fuzzy.momentum.low.parameters', first: '0, 20, 45', second: '0, 20, 40', same: false },
      { name: 'training.labels.threshold', first: '0.02', second: '0.05', same: false },
    ]);
    const scheduled = storedSample(['epochs: 3', 'epochs: 3\n  lr_scheduler: { type: exponential, gamma: 0.9 }']);
    expect(compareModels(first, scheduled).settings).toContainEqual({
      name: 'training.scheduler.gamma',
      first: null,
      second: '0.9',
      same: false,
    });
  });

  it('tells where two models of one strategy come from', () => {
    const first = storedSample();
    const { metadata, ...rest } = storedSample();
    const series = metadata.series.map((each) => ({ ...each, bars: 3 }));
    const second = { ...rest, metadata: { ...metadata, series }, seed: 12, weightsSha256: 'cd'.repeat(32) };
    const { identical, lineage } = compareModels(first, second);
    expect(identical).toBe(false);
    expect(lineage.filter(({ same }) => !same).map(({ name }) => name)).toEqual(['seed', 'weights', 'AAA 1h']);
    expect(comparisonSchema.parse(compareModels(first, second))).toEqual(compareModels(first, second));
  });
});
