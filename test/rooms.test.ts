import { describe, expect, it } from 'vitest';
import { faultsOf } from '../scripts/check-rooms.mjs';

describe('the check of the rooms', () => {
  it('lets a room import what lies below it, through its door', () => {
    const source = "import { KtrdrError } from '../base/index.ts';\nimport { retry } from './retry.ts';\n";
    expect(faultsOf('async/x.ts', source)).toEqual([]);
  });

  it.each([
    ['against the direction', 'async/x.ts', "import { a } from '../operations/index.ts';"],
    ['for types only', 'async/x.ts', "import type { A } from '../operations/index.ts';"],
    ['by a re-export', 'market/x.ts', "export { a } from '../data/index.ts';"],
    ['by a dynamic import', 'training/x.ts', "const a = await import('../data/index.ts');"],
    ['past the door', 'operations/x.ts', "import { a } from '../async/retry.ts';"],
    ['from one domain into another', 'training/x.ts', "import { a } from '../ib/index.ts';"],
  ])('refuses an import %s', (_, path, source) => {
    expect(faultsOf(path, source)).toHaveLength(1);
  });

  it('lets the tests of a room use what a room below it lays out for tests, and nothing else', () => {
    const source = "import { a } from '../market/x.fixture.ts';";
    expect(faultsOf('data/x.test.ts', source)).toEqual([]);
    expect(faultsOf('data/x.ts', source)).toHaveLength(1);
    expect(faultsOf('async/x.test.ts', source)).toHaveLength(1);
  });

  it('refuses trading words in the generic rooms, and a file outside all rooms', () => {
    expect(faultsOf('service/x.ts', 'const timeframe = 1;')).toEqual([
      'service/x.ts:1: "timeframe" is a trading word in a generic room',
    ]);
    const bypasses = ['let symbols;', 'loadBars();', '// op_load_bars_1', 'x[Symbol.dispose](ticker);', 'strategies'];
    for (const line of bypasses) expect(faultsOf('base/x.ts', line), line).toHaveLength(1);
    expect(faultsOf('base/x.ts', 'const { [Symbol.dispose]: barrier } = crowbar.embark();')).toEqual([]);
    expect(faultsOf('attic/x.ts', '')).toEqual(['attic/x.ts: "attic" is not a room of the house']);
  });
});
