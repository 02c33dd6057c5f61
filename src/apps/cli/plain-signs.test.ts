import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { textWidth } from './display/text-width.ts';
import { plainSigns, showsSigns } from './plain-signs.ts';

describe('showsSigns()', () => {
  it.each([
    [{}, true],
    [{ LANG: '' }, true],
    [{ LANG: 'en_GB.UTF-8', TERM: 'xterm' }, true],
    [{ LANG: 'de_DE.utf8' }, true],
    [{ LANG: 'C' }, false],
    [{ LANG: 'en_US' }, false],
    [{ LANG: 'en_US.UTF-8', LC_CTYPE: 'de_DE.ISO-8859-1' }, false],
    [{ LANG: 'en_US.UTF-8', LC_CTYPE: 'C.UTF-8', LC_ALL: 'POSIX' }, false],
    [{ LANG: 'C', LC_ALL: 'C.UTF-8' }, true],
    [{ LANG: 'C', LC_ALL: '', LC_CTYPE: 'C.UTF-8' }, true],
    [{ LANG: 'en_US.UTF-8', TERM: 'linux' }, false],
  ])('says of %o: %s', (environment, expected) => {
    expect(showsSigns(environment)).toBe(expected);
  });
});

describe('plainSigns()', () => {
  const folder = fileURLToPath(new URL('../../../src/apps/cli/', import.meta.url));
  const written = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /^(?:display|commands)\/.*(?<!\.test|\.fixture|text-width)\.ts$/.test(path))
    .flatMap((path) => readFileSync(`${folder}${path}`, 'utf8').match(/\\u[0-9A-Fa-f]{4}|[^\0-\x7F]/g) ?? [])
    .map((sign) => (sign.length === 1 ? sign : String.fromCharCode(Number.parseInt(sign.slice(2), 16))));

  it.each([...new Set(written)])('has a sign of ASCII, one cell wide, for %j', (sign) => {
    expect(plainSigns(sign)).toMatch(/^[\x20-\x7E]$/);
    expect(textWidth(sign)).toBe(1);
  });

  it('leaves what others have written as it is', () => {
    expect(written.length).toBeGreaterThan(5);
    expect(plainSigns('\u2713 Loading \u6bd4\u4e9a\u8fea')).toBe('+ Loading \u6bd4\u4e9a\u8fea');
  });
});
