import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadModes } from '../src/data/index.ts';
import { qualityGrades } from '../src/data/quality/quality.ts';
import { qualityRules } from '../src/data/quality/issue.ts';
import { KtrdrProcess, ktrdr, temporaryDirectory } from './support/ktrdr-process.ts';

const page = readFileSync(fileURLToPath(new URL('../docs/data.md', import.meta.url)), 'utf8');

describe('the page on market data', () => {
  it('shows commands that work, one after the other, as they are written', { timeout: 90_000 }, async () => {
    await using home = await temporaryDirectory();
    await using up = new KtrdrProcess(['up', '--simulate', '--port', '0', '--home', home.path]);
    const [, url = ''] = await up.until(/API on (\S+),/);
    const commands = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));
    expect(commands.length).toBeGreaterThan(15);
    for (const command of commands) {
      const [npx, name, ...args] = command.split(' ');
      expect([npx, name], command).toEqual(['npx', 'ktrdr']);
      // Files of the page lie in the current folder of whoever reads it.
      const inHome = args.map((word) => (/^aapl\.\w+$/.test(word) ? join(home.path, word) : word));
      const result = await ktrdr(inHome, { KTRDR_API_URL: url, KTRDR_HOME: home.path });
      expect(result.code, `${command}\n${result.stderr}`).toBe(0);
    }
  });

  it('names every mode, rule and grade that there is', () => {
    for (const name of [...loadModes, ...Object.keys(qualityRules), ...qualityGrades]) {
      expect(page, name).toContain(`\`${name}\``);
    }
  });
});
