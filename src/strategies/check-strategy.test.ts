import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstGrammar, secondGrammar } from './older-strategies.fixture.ts';
import { checkStrategy } from './parse-strategy.ts';
import { resolvePlan } from './resolve.ts';
import { sampleStrategy } from './sample-strategy.fixture.ts';

const texts = [sampleStrategy(), secondGrammar, firstGrammar];

/** A line left out, doubled, moved in or out, or with another value. */
const slip = fc.record({
  line: fc.nat(),
  way: fc.constantFrom('leave out', 'double', 'move in', 'move out', 'empty', 'list', 'map', 'number', 'text'),
});

describe('checkStrategy()', () => {
  it('says something of whatever it is given, and what it lets pass can be planned', () => {
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(slip, { minLength: 1, maxLength: 3 }), (text, slips) => {
        const changed = slips.reduce(slipped, text);
        const { strategy, issues } = checkStrategy(changed);
        const errors = issues.filter(({ severity }) => severity === 'error');
        expect(errors.length > 0, changed).toBe(strategy === undefined);
        for (const { line, column, message } of issues) {
          expect(line, message).toBeLessThanOrEqual(changed.split('\n').length);
          expect(column).toBeGreaterThan(0);
          expect(message).toMatch(/[.?]$/);
        }
        if (strategy !== undefined)
          expect(resolvePlan({ ...strategy, warnings: [] }).features.length).toBeGreaterThan(0);
      }),
      { numRuns: 150 },
    );
  });
});

function slipped(text: string, { line, way }: { line: number; way: string }): string {
  const lines = text.split('\n');
  const index = line % lines.length;
  const chosen = lines[index] ?? '';
  const withValue = (value: string): string => chosen.replace(/:.*$/, `: ${value}`);
  const changed: Readonly<Record<string, string[]>> = {
    'leave out': [],
    double: [chosen, chosen],
    'move in': [`  ${chosen}`],
    'move out': [chosen.replace(/^ {2}/, '')],
    empty: [withValue('')],
    list: [withValue('[1, two, { three: 3 }]')],
    map: [withValue('{ a: { b: [c] } }')],
    number: [withValue('-1.5')],
    text: [withValue('"text: #1"')],
  };
  lines.splice(index, 1, ...(changed[way] ?? []));
  return lines.join('\n');
}
