import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BarStore } from '../../src/data/index.ts';
import { randomOf, scale, seed, timeoutFor } from './scale.ts';

const compiledData = new URL('../../dist/data/index.js', import.meta.url).href;
const key = { symbol: 'SPY', timeframe: '1m' } as const;
const writers = 2;
const barsOfEach = Math.ceil(150 * scale);
/** Of all that are acknowledged in the end. */
const numbers = Array.from({ length: barsOfEach * writers }, (_, number) => number);
/** A little before the turn of a year, so that some saves touch two files. */
const origin = Date.UTC(2019, 11, 31, 22);

/**
 * Opens the store, appends a few bars and gives it back, again and again. Where another has it, it comes back in a
 * moment. The bars of the writers alternate, so that what one appends goes between those of the other, or to the log
 * behind them. Prints each bar's number when it is durable, and `refused` for each time that the store was taken.
 */
const writer = `
  import { writeSync } from 'node:fs';
  import { setTimeout as sleep } from 'node:timers/promises';
  const [root, ...given] = process.argv.slice(1);
  const [mine, from, until] = given.map(Number);
  const { BarStore } = await import(${JSON.stringify(compiledData)});
  const open = async () => {
    for (;;) {
      try {
        return await BarStore.open(root, { logLimits: { bars: 20, bytes: 2 ** 16 } });
      } catch (error) {
        if (error.code !== 'conflict') throw error;
        writeSync(1, 'refused\\n');
        await sleep(2);
      }
    }
  };
  for (let bar = from; bar < until;) {
    const store = await open();
    for (const stop = bar + 1 + (bar % 7); bar < Math.min(stop, until); bar += 1) {
      const number = bar * ${writers} + mine;
      const one = Float64Array.of(100);
      const bars = { time: Float64Array.of(${origin} + number * 60_000), open: one, high: one, low: one, close: one, volume: Float64Array.of(number) };
      await store.append(${JSON.stringify(key)}, { calendar: 'us_equities', bars, confirmedEmpty: [] });
      writeSync(1, bar + '\\n');
    }
    await store[Symbol.asyncDispose]();
    await sleep(3);
  }
`;

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bar-store-writers-'));
});

afterEach(() => rm(root, { recursive: true, force: true }));

describe(`${writers} processes that write to one bar store (seed ${seed})`, () => {
  it('take turns, and lose no acknowledged bar', timeoutFor(60_000), async () => {
    const outcomes = await Promise.all(Array.from({ length: writers }, (_, mine) => runWriter({ mine })));
    expect(outcomes.map(({ done }) => done)).toEqual([barsOfEach, barsOfEach]);
    expect(
      outcomes.some(({ refused }) => refused > 0),
      'they met',
    ).toBe(true);
    expect(await soundBars()).toEqual(numbers);
  });

  it(
    'lose none when they are killed again and again, and no claim outlives its process',
    timeoutFor(90_000),
    async () => {
      const random = randomOf('bar-store-writers');
      await Promise.all(
        Array.from({ length: writers }, async (_, mine) => {
          for (let from = 0; from < barsOfEach;) {
            const { done } = await runWriter({ mine, from, killAfter: 5 + Math.floor(random() * 40) });
            from = done;
          }
        }),
      );
      expect(await soundBars()).toEqual(numbers);
    },
  );
});

/** Of each bar that is there its number, in a store whose files are sound. */
async function soundBars(): Promise<number[]> {
  await using store = await BarStore.open(root);
  expect((await store.verify()).issues.filter(({ severity }) => severity === 'damage')).toEqual([]);
  return [...(await store.read(key)).volume];
}

/** @returns how many bars are durable by what the writer printed, and how often it found the store taken. */
async function runWriter({
  mine,
  from = 0,
  killAfter = Infinity,
}: {
  mine: number;
  from?: number;
  killAfter?: number;
}): Promise<{ done: number; refused: number }> {
  const given = [root, mine, from, barsOfEach].map(String);
  const child = spawn(process.execPath, ['--input-type=module', '--eval', writer, ...given], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let done = from;
  let refused = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'refused') refused += 1;
    else done = Number(line) + 1;
    if (done - from >= killAfter) child.kill('SIGKILL');
  }
  await exited;
  return { done, refused };
}
