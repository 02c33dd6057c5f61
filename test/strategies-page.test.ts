import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml, stringify } from 'yaml';
import { z } from 'zod';
import {
  checkStrategy,
  classesOf,
  indicatorTable,
  keyTable,
  parseStrategy,
  strategyJsonSchema,
} from '../src/strategies/index.ts';
import { ktrdr, temporaryDirectory } from './support/ktrdr-process.ts';

const page = readFileSync(fileURLToPath(new URL('../docs/strategies.md', import.meta.url)), 'utf8');
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, block = '']) => block.trim());

/** However wide its columns are. */
const plain = (table: string): string => table.replaceAll(/ {2,}/g, ' ').replaceAll(/-{2,}/g, '--');

describe('the page on strategies', () => {
  it('shows commands that work, one after the other, as they are written', { timeout: 60_000 }, async () => {
    await using folder = await temporaryDirectory();
    const commands = blocks('sh').flatMap((block) => block.split('\n'));
    expect(commands.length).toBeGreaterThan(4);
    for (const command of commands) {
      const [npx, name, ...args] = command.split(' ');
      expect([npx, name], command).toEqual(['npx', 'ktrdr']);
      const result = await ktrdr(args, {}, { cwd: folder.path });
      expect(result.code, `${command}\n${result.stderr}`).toBe(0);
      expect(result.stdout, command).not.toBe('');
    }
    const schema = z.looseObject({}).parse(JSON.parse(readFileSync(join(folder.path, 'strategy.schema.json'), 'utf8')));
    expect(schema).toEqual(JSON.parse(JSON.stringify(strategyJsonSchema())));
  });

  it('shows parts that are valid', () => {
    const [whole = '', ...parts] = blocks('yaml');
    expect(parseStrategy(whole).warnings).toEqual([]);
    expect(parts.length).toBeGreaterThan(8);
    const known = z.record(z.string(), z.unknown());
    for (const part of parts) {
      const { strategy, issues } = checkStrategy(
        stringify({ ...known.parse(parseYaml(whole)), ...known.parse(parseYaml(part)) }),
      );
      expect(issues, part).toEqual([]);
      expect(strategy, part).toBeDefined();
    }
  });

  it('has every key and every indicator, as "ktrdr strategies schema --format markdown" prints them', async () => {
    const tables = [keyTable(strategyJsonSchema()), indicatorTable()];
    for (const table of tables) expect(plain(page)).toContain(plain(table));
    const { stdout } = await ktrdr(['strategies', 'schema', '--format', 'markdown']);
    expect(plain(stdout.trim())).toBe(tables.map(plain).join('\n\n'));
  });

  it('names the classes of all labels in their order', () => {
    for (const source of ['zigzag', 'triple_barrier', 'context', 'regime'] as const) {
      expect(plain(page)).toContain(`| \`${source}\` | ${classesOf({ source }).join(', ')} |`);
    }
  });
});
