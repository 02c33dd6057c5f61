import { readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml, stringify } from 'yaml';
import { indicatorCatalogue } from '../indicators/index.ts';
import { strategyJsonSchema } from './json-schema.ts';
import { fits } from './json-schema-validator.fixture.ts';
import { checkStrategy } from './parse-strategy.ts';
import { sampleStrategy } from './sample-strategy.fixture.ts';
import { strategySchema } from './strategy.schema.ts';

const schema: unknown = JSON.parse(JSON.stringify(strategyJsonSchema()));
const examples = new URL('../../examples/strategies/', import.meta.url);
const valid = [
  sampleStrategy(),
  ...readdirSync(examples).map((name) => readFileSync(new URL(name, examples), 'utf8')),
].map((text): unknown => parseYaml(text));

describe('strategyJsonSchema()', () => {
  it('takes every example', () => {
    for (const strategy of valid) expect(fits(schema, strategy)).toBe(true);
  });

  it('knows the parameters of every indicator and their ranges', () => {
    for (const { id, aliases, parameters } of indicatorCatalogue()) {
      const withUse = (use: object): unknown => ({ ...(valid[0] as object), indicators: { rsi_14: use } });
      for (const type of [id, ...aliases]) expect(fits(schema, withUse({ type })), type).toBe(true);
      expect(fits(schema, withUse({ type: id, unheard: 1 })), id).toBe(false);
      for (const { name, default: usual, min } of parameters) {
        expect(fits(schema, withUse({ type: id, [name]: usual })), `${id}.${name}`).toBe(true);
        if (min !== undefined)
          expect(fits(schema, withUse({ type: id, [name]: min - 1 })), `${id}.${name}`).toBe(false);
      }
    }
  });

  it.each([
    ['a misspelt key', 'epochs: 3', 'epoch: 3'],
    ['a key of another kind of labels', 'source: zigzag,', 'source: regime,'],
    ['a number out of range', 'epochs: 3', 'epochs: 0'],
    ['an unknown indicator', 'type: rsi', 'type: rsy'],
    ['a parameter out of range', 'period: 14', 'period: 1'],
    ['a triangle of two numbers', '[30, 50, 70]', '[30, 70]'],
    ['an input that is two things', '- fuzzy_set: momentum', '- fuzzy_set: momentum\n    raw_indicator: rsi_14'],
    ['a normalisation of memberships', 'timeframes: all', 'timeframes: all\n    normalization: minmax'],
    ['a list under mode single', 'mode: single, timeframe: 1h', 'mode: single, timeframes: [1h, 1d]'],
    ['one symbol under a mode for several', 'symbols: [AAA, BBB]', 'symbol: AAA'],
    ['the layers of an mlp for a gru', 'type: mlp', 'type: gru'],
  ])('refuses %s', (_, from, to) => {
    expect(fits(schema, parseYaml(sampleStrategy([from, to])))).toBe(false);
  });

  it('refuses nothing that reading takes, and takes nothing of a wrong shape', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(fc.constantFrom(...valid), fc.nat(), fc.nat(), replacement, (strategy, place, way, value) => {
        const changed = altered(strategy, place, way % 3, value);
        const isTaken = checkStrategy(stringify(changed)).strategy !== undefined;
        if (isTaken) expect(fits(schema, changed), JSON.stringify(changed)).toBe(true);
        const issues = strategySchema.safeParse(changed).error?.issues ?? [];
        const isMalformed = issues.some(
          ({ code, message }) => code !== 'custom' && /^(Invalid|Too|Unrec)/.test(message),
        );
        if (isMalformed) expect(fits(schema, changed), JSON.stringify(changed)).toBe(false);
      }),
      { numRuns: 100 },
    );
  });
});

const replacement = fc.oneof(
  fc.constantFrom('all', 'single', 'multi_symbol', 'gru', 'focal', '1h', '1d', 'zscore', 'regime', 'relu'),
  fc.integer({ min: -2, max: 600 }),
  fc.double({ min: -1, max: 2, noNaN: true }),
  fc.boolean(),
  fc.constant([]),
  fc.constant({}),
  fc.constant([10, 20, 30]),
);

/** A copy in which something at one place is left out, replaced, or has a neighbour. */
function altered(strategy: unknown, place: number, way: number, value: unknown): unknown {
  const copy = structuredClone(strategy);
  const places = placesIn(copy);
  const chosen = places[place % places.length];
  if (chosen === undefined) return copy;
  const { holder, key } = chosen;
  if (way === 0) holder[key] = value;
  else if (way === 1) delete holder[key];
  else holder['another'] = value;
  return copy;
}

function placesIn(value: unknown): { holder: Record<string, unknown>; key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.entries(holder).flatMap(([key, inner]) => [
    ...(Array.isArray(value) ? [] : [{ holder, key }]),
    ...placesIn(inner),
  ]);
}
