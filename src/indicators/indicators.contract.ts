import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IndicatorDefinition } from './definition.ts';
import { anyBars, headOf } from './bars.fixture.ts';

/** What holds for every indicator with every configuration; `configurations` are some that are worth a look. */
export function testIndicator(definition: IndicatorDefinition, configurations: readonly unknown[]): void {
  const bars = anyBars({ minLength: 0, maxLength: 60 });
  describe.each(configurations.map((parameters) => ({ parameters })))(
    `${definition.type} with $parameters`,
    ({ parameters }) => {
      const indicator = definition.configure(parameters);

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
        const traded = bars.filter(({ volume }) => volume.every((value) => value > 0));
        fc.assert(
          fc.property(traded, (bars) => {
            for (const column of Object.values(indicator.compute(bars))) {
              const unknown = Array.from(column, (value) => Number.isNaN(value));
              expect(unknown).toEqual(unknown.map((_, index) => index < indicator.warmUp));
            }
          }),
          { numRuns: 20 },
        );
      });

      it('does not depend on later bars, bit for bit', () => {
        const cut = bars.chain((bars) => fc.record({ bars: fc.constant(bars), length: fc.nat(bars.close.length) }));
        fc.assert(
          fc.property(cut, ({ bars, length }) => {
            const whole = indicator.compute(bars);
            for (const [output, column] of Object.entries(indicator.compute(headOf(bars, length)))) {
              expect(column).toEqual(whole[output]?.slice(0, length));
            }
          }),
          { numRuns: 30 },
        );
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
    },
  );
}
