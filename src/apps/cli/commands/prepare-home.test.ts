import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareHome } from './prepare-home.ts';

let directory = '';
beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), 'ktrdr-test-'))));
afterAll(() => rmSync(directory, { recursive: true }));

describe('prepareHome', () => {
  it('makes what is missing and accepts what is there', () => {
    const home = join(directory, 'a', 'b c', 'd"e');
    prepareHome(home);
    prepareHome(home);
    expect(() => writeFileSync(join(home, 'file'), '')).not.toThrow();
  });

  it('refuses a file, a directory below a file, and one that the system will not make', () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    const failure = { code: 'failed_precondition', message: expect.stringMatching(/Cannot keep data in ".+--home/) };
    for (const home of [join(file, 'home'), ...(process.platform === 'linux' ? ['/proc/ktrdr'] : [])]) {
      expect(() => prepareHome(home)).toThrow(expect.objectContaining(failure));
    }
    // A file that can be executed would pass the look at its rights.
    expect(() => prepareHome(process.execPath)).toThrow(expect.objectContaining(failure));
  });
});
