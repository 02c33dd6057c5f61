import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settingNames, specOf } from '../src/config/index.ts';
import { PageShell, shellBlocks } from './support/page-shell.ts';

const page = readFileSync(fileURLToPath(new URL('../docs/operating.md', import.meta.url)), 'utf8').replaceAll(
  / +/g,
  ' ',
);

let shell: PageShell;
/** What each block printed, by its text. */
const printed = new Map<string, string>();

beforeAll(async () => {
  shell = await PageShell.open();
});
afterAll(() => shell[Symbol.asyncDispose]());

describe('the handbook', () => {
  it('shows commands that work, a backup while a load runs among them', { timeout: 120_000 }, async () => {
    for (const block of shellBlocks(page)) {
      // Somebody works while the home is copied: many series, each of which grows in several appends.
      if (block.text.includes('copy-home')) {
        await shell.run({
          text: 'npx ktrdr data load SPY NVDA GOOG MSFT -t 1h,1d --mode full --start 2015-01-01 --end 2024-01-01 --detach',
          staysUp: false,
        });
      }
      const { code, stdout, stderr } = await shell.run(block);
      // Doctor finds the training host missing or not, by what else runs on the machine.
      if (!block.text.includes('doctor')) expect(code, `${block.text}\n${stdout}${stderr}`).toBe(0);
      printed.set(block.text, stdout);
    }
    const [, ofCopy = ''] = [...printed].find(([text]) => text.includes('backup ops list')) ?? [];
    expect(ofCopy).toMatch(/^AAPL 1h: 2023-01-03 .*, 1,744 bars$/m);
    expect(ofCopy).toMatch(/load_series/);
  });

  it('shows a unit of systemd that starts a command there is and knows how that ends', async () => {
    const [, unit = ''] = /```ini\n([\s\S]*?)```/.exec(page) ?? [];
    const [, command = ''] = /^ExecStart=\/usr\/bin\/env (.+)$/m.exec(unit) ?? [];
    expect((await shell.run({ text: `${command} --help`, staysUp: false })).code).toBe(0);
    expect(unit).toContain(`SuccessExitStatus=${128 + constants.signals.SIGTERM}`);
  });

  it('names everything that lies in a home', () => {
    const [, table = ''] = /## Files and folders\n([\s\S]*?)\n## /.exec(page) ?? [];
    for (const home of [shell.home, join(shell.cwd, 'backup')]) {
      for (const name of readdirSync(home)) {
        const known = name.replace(/^operations\.db-/, '-');
        expect(table, name).toContain(known);
      }
    }
  });

  it('names settings that exist', () => {
    const known: string[] = settingNames.flatMap((name) => [name, specOf(name).variable]);
    const named = [...page.matchAll(/`((?:[A-Z]+_)+[A-Z]+|training\.\w+)`/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });
});
