import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BarStore } from '../../src/data/index.ts';
import { randomOf, scale, seed, timeoutFor } from './scale.ts';

const compiledData = new URL('../../dist/data/index.js', import.meta.url).href;
const key = { symbol: 'SPY', timeframe: '1m' } as const;
const kills = Math.ceil(10 * scale);
/** A little before the turn of a year, so that some saves touch two files. */
const origin = Date.UTC(2019, 11, 31, 20);

/**
 * What a step appends: by turns one bar, some, as many as make the log a file, and five bars again with another volume.
 * It runs here and in the writer, so it stands on its own.
 */
function planStep(step: number): { first: number; count: number; volumeShift: number } {
  const sizes = [1, 1, 3, 250, 1, 1, 0, 2, 700];
  const before = sizes.slice(0, step % sizes.length).reduce((sum, size) => sum + size, 0);
  const first = Math.floor(step / sizes.length) * sizes.reduce((sum, size) => sum + size, 0) + before;
  const count = sizes[step % sizes.length] ?? 0;
  return count > 0 ? { first, count, volumeShift: 0 } : { first: first - 5, count: 5, volumeShift: 1_000_000 };
}

/** Appends step after step and prints the number of each when it is durable. */
const writer = `
  import { writeSync } from 'node:fs';
  const planStep = ${planStep.toString()};
  const [root, from] = process.argv.slice(1);
  const { BarStore } = await import(${JSON.stringify(compiledData)});
  const store = await BarStore.open(root);
  for (let step = Number(from); ; step += 1) {
    const { first, count, volumeShift } = planStep(step);
    const column = (value) => Float64Array.from({ length: count }, (_, index) => value(first + index));
    const price = column((bar) => 100 + (bar % 97));
    const bars = { time: column((bar) => ${origin} + bar * 60_000), open: price, high: price, low: price, close: price, volume: column((bar) => bar + volumeShift) };
    const confirmedEmpty = [{ start: ${origin} - (step + 2) * 60_000, end: ${origin} - (step + 1) * 60_000 }];
    const provenance = [{ source: 'test', requestId: String(step), fetchedAt: step, settings: {}, start: bars.time[0], end: bars.time.at(-1) + 60_000 }];
    await store.append(${JSON.stringify(key)}, { calendar: 'us_equities', bars, confirmedEmpty, provenance });
    writeSync(1, step + '\\n');
  }
`;

describe(`a bar store whose process is killed while it saves (seed ${seed})`, () => {
  const random = randomOf('bar-store-kills');
  let root: string;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'bar-store-kill-'));
  });

  afterAll(() => rm(root, { recursive: true, force: true }));

  it(`loses no acknowledged bar and leaves no file unreadable, ${kills} times`, timeoutFor(60_000), async () => {
    let done = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      const acknowledged = await writeUntilKilled({
        root,
        from: done,
        steps: 2 + Math.floor(random() * 8),
        delayMs: random() * 12,
      });
      await using store = await BarStore.open(root);
      const { issues } = await store.verify();
      expect(issues.filter(({ severity }) => severity === 'damage')).toEqual([]);
      const { volume } = await store.read(key);
      // The step that was under way may have happened as well.
      done = [acknowledged, acknowledged + 1].findLast((steps) => isSame(volume, volumesAfter(steps))) ?? -1;
      expect(done, `the bars of ${acknowledged} steps or one more, found ${volume.length}`).toBeGreaterThanOrEqual(0);
      const info = await store.info(key);
      expect(info).toMatchObject({ count: volume.length, revision: revisionsAfter(done) });
      if (done > 0) expect(info?.confirmedEmpty, 'known as far as the bars').toEqual([emptyAfter(done)]);
      expect((await store.revisions(key)).length).toBe(revisionsAfter(done));
      expect((await readdir(root, { recursive: true })).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    }
    expect(done, 'more was written with each life').toBeGreaterThan(kills);
  });
});

/** @returns how many steps are durable, by what the writer printed before it was killed. */
async function writeUntilKilled({
  root,
  from,
  steps,
  delayMs,
}: {
  root: string;
  from: number;
  steps: number;
  delayMs: number;
}): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', writer, root, String(from)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let durable = from;
  for await (const line of createInterface({ input: child.stdout })) {
    durable = Number(line) + 1;
    if (durable === from + steps) setTimeout(() => child.kill('SIGKILL'), delayMs);
  }
  await exited;
  return durable;
}

/** The volumes of all bars after so many steps, oldest first: each bar's number, shifted where it came again. */
function volumesAfter(steps: number): Float64Array {
  const volumes: number[] = [];
  for (let step = 0; step < steps; step += 1) {
    const { first, count, volumeShift } = planStep(step);
    for (let bar = first; bar < first + count; bar += 1) volumes[bar] = bar + volumeShift;
  }
  return Float64Array.from(volumes);
}

function revisionsAfter(steps: number): number {
  return Array.from({ length: steps }, (_, step) => planStep(step)).filter(({ volumeShift }) => volumeShift > 0).length;
}

function emptyAfter(steps: number): { start: number; end: number } {
  return { start: origin - (steps + 1) * 60_000, end: origin - 60_000 };
}

function isSame(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
