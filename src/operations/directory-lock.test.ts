import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockDirectory, ownerOf, refuseOwned } from './directory-lock.ts';

const words = { content: 'things', otherwise: 'take another' };

let directory: string;
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), 'lock-'))));
afterEach(() => rmSync(directory, { recursive: true }));

describe('lockDirectory()', () => {
  it('has one owner at a time, whom the next one is told of', () => {
    {
      using lock = lockDirectory(directory, words);
      lock.announce('http://127.0.0.1:8000');
      const [, , since = ''] = readFileSync(join(directory, 'owner.pid'), 'utf8').split('\n');
      expect(ownerOf(directory)).toEqual({ pid: process.pid, since, address: 'http://127.0.0.1:8000' });
      const who = `process ${process.pid}, since ${since.slice(0, 10)} ${since.slice(11, 16)} UTC, at http://127.0.0.1:8000`;
      const message = `"${directory}" is in use by this ktrdr process (${who}) already. Close what was opened first, or take another.`;
      for (const attempt of [() => lockDirectory(directory, words), () => refuseOwned(directory, words.otherwise)])
        expect(attempt).toThrow(expect.objectContaining({ code: 'conflict', message }));
    }
    expect(ownerOf(directory)).toBeUndefined();
    using again = lockDirectory(directory, words);
    expect(ownerOf(directory)).toMatchObject({ pid: process.pid });
    expect(ownerOf(directory)).not.toHaveProperty('address');
    again.announce('x');
  });

  it('says what it knows when the file about the owner is damaged or gone', () => {
    using lock = lockDirectory(directory, words);
    writeFileSync(join(directory, 'owner.pid'), 'nonsense');
    expect(ownerOf(directory)).toEqual({});
    rmSync(join(directory, 'owner.pid'));
    expect(() => refuseOwned(directory, 'take another')).toThrow(
      'is in use by another ktrdr process (its process id is not known). Stop it, or take another.',
    );
    lock.announce('x');
  });
});

describe('ownerOf()', () => {
  it.each<[string, (lines: string[]) => string[]]>([
    ['of another process by now', ([, ...more]) => ['1', ...more]],
    ['of a process that has ended', ([, ...more]) => ['4194305', ...more]],
    ['of a process that began at another time', ([pid = '', , ...more]) => [pid, '12', ...more]],
    ['without the beginning of its process', ([pid = '', , ...more]) => [pid, '', ...more]],
  ])('names no process by an id %s, and says all else', (_, changed) => {
    using lock = lockDirectory(directory, words);
    lock.announce('http://127.0.0.1:8000');
    const file = join(directory, 'owner.pid');
    const { since = '' } = ownerOf(directory) ?? {};
    writeFileSync(file, changed(readFileSync(file, 'utf8').split('\n')).join('\n'));
    expect(ownerOf(directory)).toEqual({ since, address: 'http://127.0.0.1:8000' });
    expect(() => refuseOwned(directory, 'x')).toThrow('another ktrdr process (its process id is not known, since ');
  });

  it('finds nobody where nothing is locked, and leaves no trace', () => {
    expect(ownerOf(directory)).toBeUndefined();
    expect(ownerOf(join(directory, 'missing'))).toBeUndefined();
    expect(readdirSync(directory)).toEqual([]);
    writeFileSync(join(directory, 'owner.lock'), 'no database at all, but long enough to be taken for one'.repeat(20));
    expect(ownerOf(directory)).toBeUndefined();
    expect(() => refuseOwned(directory, 'x')).not.toThrow();
  });
});
