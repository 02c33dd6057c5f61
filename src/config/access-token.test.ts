import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { obtainToken, readToken, tokenOrigin } from './access-token.ts';
import { readSettings } from './settings.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'token-'));
  file = join(directory, 'token');
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('obtainToken()', () => {
  it('makes 256 bits once, in a file for its owner alone, and leaves nothing else', () => {
    const token = obtainToken({ file });
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(obtainToken({ file })).toBe(token);
    expect(readToken({ file })).toBe(token);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['token']);
  });

  it('takes a given token without a look at the file', () => {
    const token = 'a'.repeat(32);
    expect(obtainToken({ token, file })).toBe(token);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('gives processes that begin together the same token', { timeout: 20_000 }, async () => {
    const module = new URL('../../dist/config/access-token.js', import.meta.url).href;
    const script = `import(${JSON.stringify(module)}).then((m) => process.stdout.write(m.obtainToken({ file: process.argv[1] })))`;
    const run = (): Promise<{ stdout: string }> => promisify(execFile)(process.execPath, ['-e', script, file]);
    const tokens = await Promise.all(Array.from({ length: 6 }, run));
    expect(new Set(tokens.map(({ stdout }) => stdout)).size).toBe(1);
    expect(readdirSync(directory)).toEqual(['token']);
  });

  it('says where the token cannot be made', () => {
    const missing = join(directory, 'missing', 'token');
    expect(() => obtainToken({ file: missing })).toThrow(
      expect.objectContaining({ code: 'failed_precondition', message: expect.stringContaining(missing) }),
    );
  });
});

describe('readToken()', () => {
  it('finds nothing where there is nothing', () => {
    expect(readToken({ file })).toBeUndefined();
  });

  it.each([0o604, 0o666, 0o601])('refuses a file of mode %o, which others can use', (mode) => {
    obtainToken({ file });
    chmodSync(file, mode);
    expect(() => readToken({ file })).toThrow(/Other users of this machine can read .*chmod 600/);
  });

  it.each(['', 'short', `${'a'.repeat(40)} b`, 'a'.repeat(513), `${'a'.repeat(40)}\u00e9`])('refuses "%s"', (text) => {
    writeFileSync(file, text, { mode: 0o600 });
    expect(() => readToken({ file })).toThrow('holds no access token');
  });

  it('refuses a directory', () => {
    expect(() => readToken({ file: directory })).toThrow('Cannot read the access token');
  });
});

describe('the settings', () => {
  const accessWith = async (environment: Record<string, string>) =>
    (await readSettings({ environment: { XDG_CONFIG_HOME: directory, ...environment }, directory })).access;

  it('keep the token in the home, and take it or its file from the environment', async () => {
    expect(await accessWith({ KTRDR_HOME: '/srv/k' })).toEqual({ file: '/srv/k/token' });
    expect(await accessWith({ KTRDR_HOME: '/srv/k', KTRDR_TOKEN_FILE: '/run/t' })).toEqual({ file: '/run/t' });
    const token = 'b'.repeat(40);
    const access = await accessWith({ KTRDR_HOME: '/srv/k', KTRDR_TOKEN: token });
    expect(access).toEqual({ file: '/srv/k/token', token });
    expect(tokenOrigin(access)).toBe('KTRDR_TOKEN');
    expect(tokenOrigin({ file })).toBe(`"${file}"`);
  });
});
