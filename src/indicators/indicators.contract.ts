import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bars } from '../market/index.ts';
import { anyBars, type BarRow, barsOf, headOf, tailOf, walk } from './bars.fixture.ts';
import { indicatorCatalogue } from './catalogue.ts';
import type { BarValue } from './columns.ts';
import type { Indicator, IndicatorColumns, IndicatorDefinition } from './definition.ts';

const names: readonly BarValue[] = ['open', 'high', 'low', 'close', 'volume'];

/** What holds for every indicator with every configuration; `configurations` are some that are worth a look. */
export function testIndicator(definition: IndicatorDefinition, configurations: readonly unknown[]): void {
  describe.each(configurations.map((parameters) => ({ parameters })))(
    `${definition.type} with $parameters`,
    ({ parameters }) => {
      testConfigured(definition.configure(parameters));
    },
  );
  describe(`the parameters of ${definition.type}`, () => {
    testParameters(definition);
  });
}

function testConfigured(indicator: Indicator): void {
  const { warmUp } = indicator;
  const bars = anyBars({ minLength: 0, maxLength: 60 });
  const long = walk(warmUp + 60);

  it('gives each of its outputs a column as long as the bars', () => {
    fc.assert(
      fc.property(bars, (bars) => {
        const columns = indicator.compute(bars);
        expect(Object.keys(columns)).toEqual(indicator.outputs);
        for (const column of Object.values(columns)) expect(column).toHaveLength(bars.close.length);
      }),
      { numRuns: 20 },
    );
  });

  it('is unknown exactly during its warm-up', () => {
    for (const [output, column] of Object.entries(indicator.compute(long))) {
      const known = Array.from(column, (value) => Number.isFinite(value));
      const expected = known.map((_, index) => index >= warmUp);
      expect(known, output).toEqual(expected);
    }
  });

  it('says nothing of bars that are fewer than its warm-up', () => {
    for (const column of Object.values(indicator.compute(headOf(long, warmUp)))) {
      expect(column.every(Number.isNaN)).toBe(true);
    }
  });

  it('does not depend on later bars, bit for bit', () => {
    const cut = bars.chain((bars) => fc.record({ bars: fc.constant(bars), length: fc.nat(bars.close.length) }));
    fc.assert(
      fc.property(cut, ({ bars, length }) => {
        expect(indicator.compute(headOf(bars, length))).toEqual(headsOf(indicator.compute(bars), length));
      }),
      { numRuns: 30 },
    );
    for (const length of [warmUp, warmUp + 1, warmUp + 31]) {
      const otherFuture = joined(headOf(long, length), tailOf(walk(warmUp + 60, { seed: 99 }), length));
      expect(indicator.compute(headOf(long, length))).toEqual(headsOf(indicator.compute(long), length));
      expect(headsOf(indicator.compute(otherFuture), length)).toEqual(headsOf(indicator.compute(long), length));
    }
  });

  it('leaves the bars as they are', () => {
    fc.assert(
      fc.property(bars, (bars) => {
        const before = structuredClone(bars);
        indicator.compute(bars);
        expect(bars).toEqual(before);
      }),
      { numRuns: 10 },
    );
  });

  it.each(indicator.reads)('begins anew behind a bar whose %s is unknown', (name) => {
    const hole = warmUp + 5;
    for (const unknown of [Number.NaN, Infinity]) {
      const holed = structuredClone(joined(long, long));
      holed[name][hole] = unknown;
      const columns = indicator.compute(holed);
      expect(headsOf(columns, hole)).toEqual(headsOf(indicator.compute(long), hole));
      for (const column of Object.values(columns)) expect(column[hole]).toBeNaN();
      expect(tailsOf(columns, hole + 1)).toEqual(indicator.compute(tailOf(holed, hole + 1)));
    }
  });

  it('does without the columns that it does not read', () => {
    const others = names.filter((name) => !indicator.reads.includes(name));
    const lacking = { ...long };
    for (const name of others) lacking[name] = new Float64Array(long.close.length).fill(Number.NaN);
    expect(indicator.compute(lacking)).toEqual(indicator.compute(long));
  });

  it.each(hardTimes(warmUp + 40))('gives no infinite number for $what', ({ bars }) => {
    for (const [output, column] of Object.entries(indicator.compute(bars))) {
      expect(
        column.findIndex((value) => Math.abs(value) === Infinity),
        output,
      ).toBe(-1);
    }
  });
}

function testParameters(definition: IndicatorDefinition): void {
  const [entry] = indicatorCatalogue().filter(({ id }) => id === definition.type);
  const refused = (entry?.parameters ?? []).flatMap(({ name, type, min, max, above, below, options }) => [
    ...(min === undefined ? [] : [{ name, value: min - (type === 'integer' ? 1 : 1e-6) }]),
    ...(max === undefined ? [] : [{ name, value: max + (type === 'integer' ? 1 : 1e-6) }]),
    ...(above === undefined ? [] : [{ name, value: above }]),
    ...(below === undefined ? [] : [{ name, value: below }]),
    ...(type === 'integer' ? [{ name, value: 2.5 }] : []),
    ...(options === undefined ? [] : [{ name, value: 'vwap' }]),
    { name, value: null },
    { name, value: type === 'string' ? 5 : '5' },
    ...(type === 'integer' || type === 'number'
      ? [
          { name, value: Number.NaN },
          { name, value: Infinity },
        ]
      : []),
  ]);

  it.each([...refused, { name: 'lenght', value: 3 }])('refuses $name: $value with a sentence', ({ name, value }) => {
    expect(() => definition.configure({ [name]: value })).toThrow(
      expect.objectContaining({ code: 'invalid_input', message: expect.stringContaining(name) }),
    );
  });

  it('takes the ends of each range', () => {
    for (const { name, min, max } of entry?.parameters ?? []) {
      for (const value of [min, max]) {
        const issues =
          definition.parameters.safeParse(value === undefined ? {} : { [name]: value }).error?.issues ?? [];
        // Issues without a path are of several parameters together.
        expect(issues.filter(({ path }) => path.length > 0)).toEqual([]);
      }
    }
  });
}

/** Markets that divide by nothing, jump, or reach the ends of what one meets. */
function hardTimes(length: number): { readonly what: string; readonly bars: Bars }[] {
  const bars = (row: (index: number) => BarRow): Bars => barsOf(Array.from({ length }, (_, index) => row(index)));
  const scaled = (factor: number): Bars => {
    const { time, open, high, low, close, volume } = walk(length);
    const times = (column: Float64Array): Float64Array => column.map((value) => value * factor);
    return { time, open: times(open), high: times(high), low: times(low), close: times(close), volume };
  };
  return [
    { what: 'a market that does not move', bars: bars(() => [7.1, 7.1, 7.1, 7.1, 1000]) },
    { what: 'a market where nothing is traded', bars: bars(() => [7.1, 7.1, 7.1, 7.1, 0]) },
    { what: 'prices without volumes', bars: { ...walk(length), volume: new Float64Array(length) } },
    { what: 'prices of 0', bars: bars(() => [0, 0, 0, 0, 10]) },
    { what: 'prices below 0', bars: bars((index) => [-5, -3, -9, -5 - (index % 3), 10]) },
    { what: 'a price that leaps a thousandfold', bars: bars((index) => leap(index < length / 2 ? 1 : 1000)) },
    { what: 'very high prices', bars: scaled(1e100) },
    { what: 'very low prices', bars: scaled(1e-100) },
  ];
}

function leap(price: number): BarRow {
  return [price, price * 1.01, price * 0.99, price, 1000];
}

function headsOf(columns: IndicatorColumns, length: number): IndicatorColumns {
  return Object.fromEntries(Object.entries(columns).map(([output, column]) => [output, column.slice(0, length)]));
}

function tailsOf(columns: IndicatorColumns, start: number): IndicatorColumns {
  return Object.fromEntries(Object.entries(columns).map(([output, column]) => [output, column.slice(start)]));
}

function joined(first: Bars, second: Bars): Bars {
  const both = (name: keyof Bars): Float64Array => Float64Array.of(...first[name], ...second[name]);
  return {
    time: both('time'),
    open: both('open'),
    high: both('high'),
    low: both('low'),
    close: both('close'),
    volume: both('volume'),
  };
}
