import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { settingNames, specOf } from '../src/config/index.ts';
import { PageShell, shellBlocks } from './support/page-shell.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');
const path = `${root}README.md`;
const readme = read('README.md');
const blocks = shellBlocks(readme);

let shell: PageShell;
beforeAll(async () => {
  shell = await PageShell.open();
});
afterAll(() => shell[Symbol.asyncDispose]());

describe('the README', () => {
  it('shows a session that goes as it was recorded (vitest -u records it anew)', { timeout: 60_000 }, async () => {
    for (const block of blocks.filter(({ staysUp }) => staysUp)) await shell.run(block);
    const [whole = '', recorded = ''] = /^```console\n([\s\S]*?)```$/m.exec(readme) ?? [];
    const commands = recorded.split('\n').filter((line) => line.startsWith('$ '));
    expect(commands.length).toBeGreaterThan(2);
    let session = '';
    for (const command of commands) {
      const { code, stdout, stderr } = await shell.run({ text: command.slice(2), staysUp: false });
      expect(code, `${command}\n${stderr}`).toBe(0);
      session += `${command}\n${stdout}`;
    }
    const shown = steady(session) === steady(recorded) ? recorded : session;
    await expect(readme.replace(whole, () => `\`\`\`console\n${shown}\`\`\``)).toMatchFileSnapshot(path);
  });

  it('shows commands that work, one after the other, as they are written', { timeout: 90_000 }, async () => {
    for (const block of blocks) {
      const { code, stdout, stderr } = await shell.run(block);
      expect(code, `${block.text}\n${stdout}${stderr}`).toBe(0);
    }
    expect(blocks.map(({ staysUp }) => staysUp)).toEqual([true, false]);
  });

  it('names scripts of npm that there are, and that a newcomer is shown to run', () => {
    const [, text = ''] = /^```sh npm\n([\s\S]*?)```$/m.exec(readme) ?? [];
    const words = text.split(/\n| && /).filter(Boolean);
    expect(words).toEqual(['npm install', 'npm start', 'npm test']);
    const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read('package.json')));
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['start', 'test']));
    expect(read('scripts/newcomer.sh')).toContain('npm start\n');
    expect(read('.ci/run')).toMatch(/newcomer\nnpm test/);
  });

  it('names only settings that exist', () => {
    const variables: string[] = settingNames.map((name) => specOf(name).variable);
    const named = [...readme.matchAll(/`([A-Z]+_[A-Z_]+)\b/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(2);
    expect(named.filter((name) => !variables.includes(name))).toEqual([]);
  });
});

/** A session without what differs from one time to the next: how long things took, and in how many requests. */
function steady(session: string): string {
  return session.replaceAll(/\b[\d.,]+ (ms|s|min)\b/g, 'TIME').replaceAll(/\b\d+ requests?\b/g, 'REQUESTS');
}
