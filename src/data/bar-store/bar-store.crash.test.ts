import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { BarStore, type SeriesKey } from './index.ts';

const compiledStore = new URL('../../../dist/data/bar-store/index.js', import.meta.url).href;
const key: SeriesKey = { symbol: 'SPY', timeframe: '1m' };
const perSegment = 300;
const origin = Date.UTC(2019, 11, 27);

/**
 * Appends segment after segment and prints the number of each when it is durable. The segments start before the turn
 * of a year, so that some touch two files.
 */
const writer = `
  import { writeSync } from 'node:fs';
  const [root, from] = process.argv.slice(1);
  const { BarStore } = await import(${JSON.stringify(compiledStore)});
  const store = await BarStore.open(root);
  for (let segment = Number(from); ; segment += 1) {
    const column = (value) => Float64Array.from({ length: ${perSegment} }, (_, index) => value(segment * ${perSegment} + index));
    const price = column((bar) => 100 + (bar % 97));
    const bars = { time: column((bar) => ${origin} + bar * 60_000), open: price, high: price, low: price, close: price, volume: column((bar) => bar) };
    await store.append(${JSON.stringify(key)}, { calendar: 'us_equities', bars, confirmedEmpty: [] });
    writeSync(1, segment + '\\n');
  }
`;

it(
  'loses no durable segment and stays readable when its process is killed at any moment',
  { timeout: 90_000 },
  async () => {
    const root = await mkdtemp(join(tmpdir(), 'bar-store-kill-'));
    let durable = 0;
    let newest = 0;
    for (let kill = 0; kill < 16; kill += 1) {
      durable = await writeUntilKilled({ root, from: durable, segments: 2 + (kill % 4), delayMs: (kill * 7) % 19 });
      const store = await BarStore.open(root);
      const { time, volume } = await store.read(key);
      expect(time.length).toBeGreaterThanOrEqual(durable * perSegment);
      expect(time.length, 'at most the segment that was under way').toBeLessThanOrEqual((durable + 1) * perSegment);
      newest = time.at(-1) ?? 0;
      const wrong = time.findIndex((stamp, bar) => stamp !== origin + bar * 60_000 || volume[bar] !== bar);
      expect(wrong).toBe(-1);
      expect(await store.info(key)).toMatchObject({ count: time.length, last: time.at(-1) });
      expect((await readdir(root, { recursive: true })).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    }
    expect(durable).toBeGreaterThanOrEqual(16 * 3);
    expect(newest, 'two years were written').toBeGreaterThan(Date.UTC(2020, 0, 1));
    await rm(root, { recursive: true });
  },
);

/** @returns how many segments are durable, by what the writer printed before it was killed. */
async function writeUntilKilled({
  root,
  from,
  segments,
  delayMs,
}: {
  root: string;
  from: number;
  segments: number;
  delayMs: number;
}): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', writer, root, String(from)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let durable = from;
  for await (const line of createInterface({ input: child.stdout })) {
    durable = Number(line) + 1;
    if (durable === from + segments) setTimeout(() => child.kill('SIGKILL'), delayMs);
  }
  await exited;
  return durable;
}
