import { Writable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { colours, table, textFor } from './terminal.ts';

const painted = colours.red('damaged');
const stream = (of: { isTTY?: boolean; hasColors?: () => boolean }): NodeJS.WriteStream =>
  Object.assign(new Writable(), of) as unknown as NodeJS.WriteStream;

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('textFor()', () => {
  it('leaves it to a terminal', () => {
    expect(textFor(stream({ isTTY: true, hasColors: () => true }), painted)).toBe('\x1B[31mdamaged\x1B[39m');
    expect(textFor(stream({ isTTY: true, hasColors: () => false }), painted)).toBe('damaged');
  });

  it.each([
    [undefined, 'damaged'],
    ['', 'damaged'],
    ['0', 'damaged'],
    ['1', painted],
  ])('paints for a file or a pipe where FORCE_COLOR is %o', (force, text) => {
    vi.stubEnv('FORCE_COLOR', force);
    // Build servers set it, and want no colours in what is compared.
    vi.stubEnv('CI', 'true');
    expect(textFor(stream({}), painted)).toBe(text);
  });
});

describe('table()', () => {
  it('aligns cells by the room that they take on a terminal, painted ones and wide signs too', () => {
    const rows = [
      ['\u6bd4\u4e9a', '1', 'x'],
      ['\x1B[31mred\x1B[39m', '12', 'y'],
    ];
    expect(table(['name', '>n', 'end'], rows).split('\n').slice(2)).toEqual([
      '\u6bd4\u4e9a   1  x',
      '\x1B[31mred\x1B[39m   12  y',
    ]);
  });

  it('keeps each row on its line, whatever a cell says', () => {
    expect(table(['what'], [['one\ntwo\x1B[2J']])).toBe('what\n--------\none two');
  });
});
