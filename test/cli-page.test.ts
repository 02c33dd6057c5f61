import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../src/apps/cli/program.ts';
import { cliPage, schemaNames } from './support/cli-page.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

describe('the page about the command line', () => {
  it('is what the tree of commands says (vitest -u writes it anew)', async () => {
    await expect(cliPage(await createProgram(() => {}))).toMatchFileSnapshot(`${root}docs/cli.md`);
  });

  it('names every shape that is printed as JSON', async () => {
    const folder = `${root}src/apps/cli/`;
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
      .map((path) => readFileSync(`${folder}${path}`, 'utf8'));
    const printed = sources.flatMap((source) =>
      [...source.matchAll(/'(ktrdr\.[\w.]+\/\d+)'/g)].map(([, name]) => name),
    );
    expect(new Set(printed)).toEqual(new Set(schemaNames(await createProgram(() => {}))));
  });
});
