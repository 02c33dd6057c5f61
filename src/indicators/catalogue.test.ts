import { describe, expect, it } from 'vitest';
import { indicatorCatalogue } from './catalogue.ts';
import { findIndicator, indicatorTypes } from './registry.ts';

const entryOf = (id: string) => indicatorCatalogue().find((entry) => entry.id === id);

describe('indicatorCatalogue()', () => {
  it('has every indicator', () => {
    expect(indicatorCatalogue().map(({ id }) => id)).toEqual(indicatorTypes());
  });

  it('is plain data', () => {
    const catalogue = indicatorCatalogue();
    expect(JSON.parse(JSON.stringify(catalogue))).toEqual(catalogue);
  });

  it('tells what a strategy may write', () => {
    expect(entryOf('bbands')).toBeUndefined();
    expect(entryOf('bollingerbands')).toMatchObject({
      aliases: ['bbands'],
      kind: 'volatility',
      parameters: [
        { name: 'period', type: 'integer', default: 20, min: 2, max: 200 },
        { name: 'multiplier', type: 'number', default: 2, above: 0, max: 10 },
        { name: 'source', type: 'string', default: 'close', options: expect.arrayContaining(['hl2', 'volume']) },
      ],
      outputs: ['upper', 'middle', 'lower'],
      optionalOutputs: [],
      reads: ['close'],
      warmUp: 19,
    });
    expect(entryOf('aroon')).toMatchObject({
      parameters: [{ name: 'period' }, { name: 'include_oscillator', type: 'boolean', default: false }],
      optionalOutputs: ['oscillator'],
    });
    expect(entryOf('zigzag')?.parameters[0]).toEqual({
      name: 'threshold',
      type: 'number',
      description: expect.any(String),
      default: 0.05,
      above: 0,
      below: 1,
    });
  });

  it('has defaults that the definitions fill in', () => {
    for (const { id, parameters } of indicatorCatalogue()) {
      const written = Object.fromEntries(parameters.map((parameter) => [parameter.name, parameter.default]));
      expect(findIndicator(id).configure().parameters).toEqual(written);
    }
  });

  it('has a sentence for each indicator and each parameter', () => {
    for (const { description, parameters } of indicatorCatalogue()) {
      expect(description).toMatch(/^[A-Z].+\.$/);
      for (const parameter of parameters) expect(parameter.description).not.toBe('');
    }
  });
});
