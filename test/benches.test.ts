import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const folder = new URL('../bench/', import.meta.url);
const benches = readdirSync(folder)
  .flatMap((file) => /^(.+)\.mjs$/.exec(file)?.[1] ?? [])
  .filter((name) => name !== 'run');
const reportSchema = z.object({ text: z.string(), missed: z.array(z.string()) });

/** What a bench reports when it has only to show that it still works. */
async function smokeRun(name: string): Promise<string> {
  const child = fork(fileURLToPath(new URL(`${name}.mjs`, folder)), {
    env: { ...process.env, KTRDR_BENCH_SMOKE: '1' },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const reports: unknown[] = [];
  child.on('message', (message) => reports.push(message));
  const [code] = await once(child, 'close');
  expect(code, stderr).toBe(0);
  expect(reports, stderr).toHaveLength(1);
  return reportSchema.parse(reports[0]).text;
}

describe('the benches', () => {
  it('are those that npm run bench runs', () => {
    const [, list = ''] = /const benches = \[([^\]]+)\]/.exec(readFileSync(new URL('run.mjs', folder), 'utf8')) ?? [];
    const named = [...list.matchAll(/'([\w-]+)'/g)].map(([, name = '']) => name);
    expect(named.toSorted()).toEqual(benches.toSorted());
  });

  it.concurrent.each(benches)('%s measures something', { timeout: 60_000 }, async (name) => {
    const text = await smokeRun(name);
    expect(text).toMatch(/^## .+\n\n(\| what|Not measured)/);
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });
});
