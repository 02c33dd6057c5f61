import { describe, expect, it } from 'vitest';
import { parseJson } from './parse-json.ts';

const parsed = (text: string): unknown => parseJson(new TextEncoder().encode(text));

describe('parseJson()', () => {
  it('takes what JSON can say', () => {
    const value = { a: [1, -2.5e3, 'x', null, true], b: { c: {} }, constructor: 1, ü: '\u{1F600}' };
    expect(parsed(JSON.stringify(value))).toEqual(value);
    expect(parsed(`${'['.repeat(64)}${']'.repeat(64)}`)).toHaveLength(1);
  });

  it.each([
    ['levels beyond counting', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'more than 64 levels'],
    ['one level too many', `${'{"a":'.repeat(64)}[]${'}'.repeat(64)}`, 'more than 64 levels'],
    ['a prototype', '{"a":{"__proto__":{"b":1}}}', 'the key "__proto__"'],
    ['a prototype in disguise', '{"\\u005f_proto__":1}', 'the key "__proto__"'],
    ['a number out of range', '{"a":[1e999]}', 'a number'],
    ['NaN', '{"a":NaN}', 'not JSON'],
    ['half a value', '{"a":', 'not JSON'],
    ['a byte order mark and nothing', '\uFEFF', 'not JSON'],
  ])('refuses %s, quickly', (_, text, says) => {
    const before = process.cpuUsage();
    expect(() => parsed(text)).toThrow(
      expect.objectContaining({ code: 'invalid_input', message: expect.stringContaining(says) as string }),
    );
    // The processor's time, not the clock's: others may be at work.
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(100);
  });

  it('refuses bytes that are no UTF-8', () => {
    expect(() => parseJson(Uint8Array.of(0x22, 0xc3, 0x28, 0x22))).toThrow('not JSON');
  });
});
