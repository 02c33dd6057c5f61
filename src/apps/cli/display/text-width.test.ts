import headless from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitted, textWidth } from './text-width.ts';

/** How far a terminal moves its cursor for a text. */
function drawnWidth(text: string): Promise<number> {
  const terminal = new headless.Terminal({ cols: 200, rows: 2, allowProposedApi: true });
  return new Promise((resolve) => terminal.write(text, () => resolve(terminal.buffer.active.cursorX)));
}

describe('textWidth()', () => {
  it.each([
    ['Loading AAPL 1h', 15],
    ['', 0],
    ['\u2501\u2500 \u2713 \u2717 \u25A0', 8],
    ['\u6bd4\u4e9a\u8fea', 6],
    ['\u30c8\u30e8\u30bf', 6],
    ['\uc0bc\uc131', 4],
    ['\uff21\uff22', 4],
    ['e\u0301te\u0301', 3],
    ['\x1B[31mred\x1B[39m', 3],
  ])('takes %j as a terminal does', async (text, cells) => {
    expect(textWidth(text)).toBe(cells);
    expect(await drawnWidth(text)).toBe(cells);
  });

  it('takes a picture of several code points as one sign', () => {
    expect(textWidth('\u{1F4C8}')).toBe(2);
    expect(textWidth('\u{1F468}\u200D\u{1F469}\u200D\u{1F467}')).toBe(2);
  });
});

describe('fitted()', () => {
  it.each([
    ['Loading AAPL', 7, 'Loading'],
    ['\u6bd4\u4e9a\u8fea', 5, '\u6bd4\u4e9a'],
    ['\x1B[31mred\x1B[39m', 2, '\x1B[31mre\x1B[39m'],
    ['cafe\u0301s', 4, 'cafe\u0301'],
    ['anything', 0, ''],
  ])('cuts %j to %i cells', (text, cells, cut) => {
    expect(fitted(text, cells)).toBe(cut);
  });

  it.each([
    ['two\nlines', 'two lines'],
    ['\x1B[2Jgone', ' gone'],
    ['\x1B]0;title\x07', ' ]0;title '],
    ['back\rwards\b', 'back wards '],
  ])('leaves nothing in %j that a terminal obeys', (text, tame) => {
    expect(fitted(text, Infinity)).toBe(tame);
  });

  it('never takes more room than there is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, cells) => {
        expect(textWidth(fitted(text, cells))).toBeLessThanOrEqual(cells);
      }),
    );
  });
});
