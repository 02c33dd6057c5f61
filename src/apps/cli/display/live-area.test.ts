import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LiveArea, type Picture } from './live-area.ts';
import { Screen } from './screen.fixture.ts';

const text = 'Loading AAPL 1h data (backfill mode) [3/5]';
const numbered =
  (count: number): Picture =>
  ({ columns }) =>
    Array.from({ length: count }, (_, index) => `${index + 1} of ${columns} ${text}`);

describe('LiveArea', () => {
  it('draws over what it drew before, also with fewer lines', async () => {
    const screen = new Screen(60, 10);
    using area = new LiveArea(screen.stream);
    screen.stream.write('$ ktrdr\n');
    area.draw(() => ['one', 'two', 'three']);
    area.draw(() => ['only']);
    expect(await screen.lines()).toEqual(['$ ktrdr', 'only']);
  });

  it('writes lines that stay above it', async () => {
    const screen = new Screen(60, 4);
    using area = new LiveArea(screen.stream);
    area.draw(() => ['one', 'two']);
    for (const name of ['a', 'b', 'c', 'd']) area.above(name);
    expect(await screen.lines()).toEqual(['a', 'b', 'c', 'd', 'one', 'two']);
  });

  it.each([
    [30, 10],
    [12, 10],
    [100, 10],
    [60, 4],
    [20, 10],
  ])(
    'leaves nothing behind when its terminal of 60 columns and 10 rows becomes one of %i and %i',
    async (columns, rows) => {
      const screen = new Screen(60, 10);
      using area = new LiveArea(screen.stream);
      screen.stream.write('$ ktrdr\n');
      area.draw(numbered(3));
      screen.resize(columns, rows);
      const shown = Array.from({ length: Math.min(3, Math.max(1, rows - 1)) }, (_, index) =>
        `${index + 4 - Math.min(3, Math.max(1, rows - 1))} of ${columns} ${text}`.slice(0, columns - 1),
      );
      const lines = (await screen.lines()).slice(-shown.length);
      expect(lines).toEqual(shown);
      screen.resize(60, 10);
      await screen.lines();
      area.above('done');
      area[Symbol.dispose]();
      const left = (await screen.lines()).join('\n');
      expect(left.match(/of \d+ Loading/g) ?? [], left).toEqual([]);
      expect(left).toMatch(/done$/);
    },
  );

  it('leaves nothing behind however often the width changes', async () => {
    const change = fc.integer({ min: 8, max: 120 });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 6 }), fc.integer({ min: 1, max: 4 }), async (changes, count) => {
        const screen = new Screen(60, 40);
        using area = new LiveArea(screen.stream);
        area.draw(numbered(count));
        for (const columns of changes) {
          screen.resize(columns, 40);
          await screen.lines();
          area.draw(numbered(count));
        }
        area[Symbol.dispose]();
        screen.stream.write('$');
        expect(await screen.lines()).toEqual(['$']);
      }),
      { numRuns: 50 },
    );
  });

  it('leaves the cursor below what it drew to whoever has the terminal next, and draws nothing meanwhile', async () => {
    const screen = new Screen(60, 10);
    using area = new LiveArea(screen.stream);
    area.draw(() => ['one', 'two']);
    area.leave();
    screen.stream.write('[1]+  Stopped\n');
    area.draw(() => ['three', 'four']);
    area.above('ended');
    expect(await screen.lines()).toEqual(['one', 'two', '[1]+  Stopped', 'ended']);
    area.comeBack();
    expect(await screen.lines()).toEqual(['one', 'two', '[1]+  Stopped', 'ended', 'three', 'four']);
  });

  it('takes a terminal that does not know its size as one of 80 columns and 24 rows', () => {
    const screen = new Screen(60, 10);
    Object.assign(screen.stream, { columns: 0, rows: 0 });
    using area = new LiveArea(screen.stream);
    const sizes: unknown[] = [];
    area.draw((size) => {
      sizes.push(size);
      return [];
    });
    expect(sizes).toEqual([{ columns: 80, rows: 24 }]);
  });
});
