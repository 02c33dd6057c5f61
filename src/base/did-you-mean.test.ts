import { describe, expect, it } from 'vitest';
import { nearestName, suggestion } from './did-you-mean.ts';

describe('nearestName()', () => {
  it.each([
    ['colour', 'color'],
    ['COLOR', 'color'],
    ['oclor', 'color'],
    ['colr', 'color'],
  ])('takes "%s" for a slip of "%s"', (written, meant) => {
    expect(nearestName(written, ['shape', 'color', 'column'])).toBe(meant);
  });

  it('knows none for what is another word, or nothing', () => {
    expect(nearestName('weight', ['shape', 'color'])).toBeUndefined();
    expect(nearestName('', ['shape'])).toBeUndefined();
  });

  it('is quick for a text that is no name at all', () => {
    const begunAt = performance.now();
    const names = Array.from({ length: 200 }, (_, index) => `name_number_${index}`);
    expect(nearestName('x'.repeat(1_000_000), names)).toBeUndefined();
    expect(performance.now() - begunAt).toBeLessThan(500);
  });
});

describe('suggestion()', () => {
  it('ends a sentence with the nearest name, with all of them, or with none', () => {
    expect(suggestion('shap', ['shape', 'color'])).toBe('did you mean "shape"?');
    expect(suggestion('weight', ['shape', 'color'])).toBe('use one of shape, color.');
    expect(suggestion('weight', [])).toBe('there is none.');
  });
});
