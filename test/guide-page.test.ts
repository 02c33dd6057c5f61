import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PageShell, shellBlocks } from './support/page-shell.ts';

const page = await readFile(fileURLToPath(new URL('../docs/guide.md', import.meta.url)), 'utf8');

let shell: PageShell;
/** What each block printed, by its text. */
const printed = new Map<string, string>();

beforeAll(async () => {
  shell = await PageShell.open();
});
afterAll(() => shell[Symbol.asyncDispose]());

/** What the block that has these words printed on stdout. */
function stdout(words: string): string {
  return [...printed].find(([text]) => text.includes(words))?.[1] ?? '';
}

describe('the user guide', () => {
  it('shows commands that work, from its top to its bottom', { timeout: 180_000 }, async () => {
    const blocks = shellBlocks(page);
    expect(blocks.length).toBeGreaterThan(20);
    for (const block of blocks) {
      const result = await shell.run(block);
      expect(result.code, `${block.text}\n${result.stdout}${result.stderr}`).toBe(0);
      printed.set(block.text, result.stdout);
    }
  });

  it('shows how Python asks the API (skipped where there is no python3)', { timeout: 30_000 }, async ({ skip }) => {
    if ((await shell.run({ text: 'python3 --version', staysUp: false })).code !== 0) skip();
    const [, script = ''] = /```python\n([\s\S]*?)```/.exec(page) ?? [];
    const result = await shell.run({ text: `python3 - <<'END'\n${script}\nEND`, staysUp: false });
    expect(result.stderr).toBe('');
    expect(result.stdout).toMatch(/^500 bars, the newest signals:( BUY| HOLD| SELL){5}$/m);
  });

  it('does what it says', async () => {
    expect(stdout('--dry-run')).toMatch(/\d+ requests/);
    const [before = '', after = ''] = stdout('data gaps AAPL').split(/bars? loaded/);
    expect(before).toMatch(/2023-03-06/);
    expect(after).toMatch(/no gaps/i);
    expect(stdout('models compare')).toMatch(/^Different weights\.$/m);
    expect(stdout('.weightsSha256')).toMatch(/[0-9a-f]{64}/);
    expect(stdout('ops follow "$(cat training.txt)"')).not.toBe('');
    expect((await readFile(join(shell.cwd, 'losses.csv'), 'utf8')).split('\n')[0]).toMatch(
      /^step,time,epoch,trainLoss/,
    );
    expect((await readFile(join(shell.cwd, 'predictions.csv'), 'utf8')).split('\n').length).toBeGreaterThan(500);
    const list = await shell.run({ text: 'npx ktrdr models list --json', staysUp: false });
    const { models } = JSON.parse(list.stdout) as { models: { version: string }[] };
    expect(models.map(({ version }) => version).toSorted()).toEqual(['v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7']);
  });
});
