import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whyNot } from './why-not.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'why-'));
  writeFileSync(join(folder, 'file'), '');
  symlinkSync('circle', join(folder, 'circle'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const acts = {
  read: (path: string): unknown => readFileSync(path),
  list: (path: string): unknown => readdirSync(path),
  write: (path: string): void => writeFileSync(path, ''),
};

describe('whyNot()', () => {
  it.each([
    ['read', 'none', 'there is no such file'],
    ['read', 'file/below', 'a part of its path is no directory'],
    ['read', '.', 'it is a directory'],
    ['read', 'circle', 'its links lead in a circle'],
    ['list', 'none', 'there is no such directory'],
    ['list', 'file', 'it is no directory'],
    ['write', 'none/below', 'its directory does not exist'],
    ['write', 'file/below', 'a part of its path is no directory'],
    ['write', '.', 'it is a directory'],
    ['write', 'x'.repeat(1_000), 'its name is too long'],
  ] as const)('tells why one cannot %s %j', (act, name, why) => {
    let cause: unknown;
    try {
      acts[act](join(folder, name));
    } catch (thrown) {
      cause = thrown;
    }
    expect(whyNot(act, cause)).toBe(why);
  });

  it('knows what is hard to provoke, and leaves what it does not know to the system', () => {
    const cause = (code: string): Error => Object.assign(new Error(`${code}: told by the system`), { code });
    expect(whyNot('write', cause('ENOSPC'))).toBe('the disk is full');
    expect(whyNot('read', cause('EACCES'))).toBe('this user may not read it');
    expect(whyNot('read', cause('ESTALE'))).toBe('ESTALE: told by the system');
    expect(whyNot('read', 'a word')).toBe('a word');
  });
});
