import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CancellationToken } from '../../../async/index.ts';
import { newOperationId, silentLogger } from '../../../base/index.ts';
import { processSettings } from '../../../config/index.ts';
import { BarStore } from '../../../data/index.ts';
import type { Timeframe } from '../../../market/index.ts';
import { isTerminal } from '../../../operations/index.ts';
import type { OperationsClient } from '../../../service/index.ts';
import { trainModel } from '../../../training/index.ts';
import { startApi } from '../../api.ts';
import { version } from '../../version.ts';
import { withApi } from '../api-client.ts';
import type { CommandContext } from '../programs/command.ts';
import { printJson, table, terminal } from '../terminal.ts';
import { batchSize, trainingStrategy, walkedBars } from './bench-inputs.ts';

interface Measure {
  readonly name: string;
  readonly median: number;
  readonly worst: number;
  readonly unit: 'ms' | 'steps/s';
  readonly runs: number;
}

interface Measuring {
  readonly client: OperationsClient;
  readonly token: CancellationToken;
}

const symbol = 'AAPL';
const calendar = 'us_equities';
const storedMinutes = 250_000;
const epochs = 20;

/**
 * What this machine does with an installation, measured in a few seconds in a directory of its own that is gone
 * afterwards: a real API with its socket, files and threads, on bars that are made up.
 */
export async function bench({ token }: CommandContext, { json = false }: { json?: boolean }): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'ktrdr-measure-'));
  try {
    const measures = await measureIn(home, token);
    const machine = { processor: cpus()[0]?.model ?? 'unknown', cores: availableParallelism(), node: process.version };
    if (json) {
      printJson('ktrdr.bench/1', { ktrdr: version, machine, measures });
      return;
    }
    terminal.print(`ktrdr ${version}, Node.js ${machine.node}, ${machine.processor} (${machine.cores} cores to use)`);
    terminal.print();
    terminal.print(
      table(
        ['measured', '>median', '>worst', 'of', '>runs'],
        measures.map(({ name, median, worst, unit, runs }) => [name, shown(median), shown(worst), unit, String(runs)]),
      ),
    );
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function measureIn(home: string, token: CancellationToken): Promise<Measure[]> {
  await storeBars(home, '1h', 4_000);
  await storeBars(home, '1m', storedMinutes);
  const read = await readStore(home);
  const local = { KTRDR_HOME: home, USE_IB_HOST_SERVICE: 'false', USE_TRAINING_HOST_SERVICE: 'false' };
  await using api = await startApi(await processSettings(local), { port: 0, log: silentLogger });
  const settings = await processSettings({ ...local, KTRDR_API_URL: api.url });
  return await withApi(settings, async (client) => [
    read,
    await callApi({ client, token }),
    await trainOnce({ client, token }),
    await cancelTrainings({ client, token }),
  ]);
}

async function storeBars(home: string, timeframe: Timeframe, count: number): Promise<void> {
  await using store = await BarStore.open(join(home, 'bars'));
  const bars = walkedBars({ calendar, timeframe, start: Date.UTC(2020, 0, 1), count });
  await store.append({ symbol, timeframe }, { calendar, bars, confirmedEmpty: [] });
}

async function readStore(home: string): Promise<Measure> {
  await using store = await BarStore.open(join(home, 'bars'), { access: 'read' });
  const times = await timed(7, () => store.read({ symbol, timeframe: '1m' }));
  return msOf(`read ${storedMinutes.toLocaleString('en-US')} bars of 1m from the store`, times);
}

async function callApi({ client, token }: Measuring): Promise<Measure> {
  const times = await timed(200, () => client.list({ limit: 1 }, token));
  return msOf('ask the API for its newest operation', times);
}

async function trainOnce({ client, token }: Measuring): Promise<Measure> {
  const id = newOperationId(trainModel.type, Date.now());
  await client.start({ type: trainModel.type, input: { strategy: trainingStrategy(epochs) }, id }, token);
  for await (const { status } of client.follow(id, { token })) if (isTerminal(status)) break;
  const { rows, epochsTrained, durationMs } = await client.result(trainModel, id, token);
  const perSecond = (epochsTrained * Math.ceil(rows.train / batchSize)) / (durationMs / 1_000);
  const name = `train: ${epochsTrained} epochs, features and evaluation included`;
  return { name, median: perSecond, worst: perSecond, unit: 'steps/s', runs: 1 };
}

/** From the cancel to the news that the thread has stopped. */
async function cancelTrainings({ client, token }: Measuring): Promise<Measure> {
  const times: number[] = [];
  for (let run = 0; run < 5; run += 1) {
    const id = newOperationId(trainModel.type, Date.now());
    await client.start({ type: trainModel.type, input: { strategy: trainingStrategy(100_000) }, id }, token);
    let askedAt: number | undefined;
    for await (const { status, progress } of client.follow(id, { token })) {
      if (isTerminal(status)) break;
      if (askedAt !== undefined || progress.done === 0) continue;
      askedAt = performance.now();
      await client.cancel({ id }, token);
    }
    times.push(performance.now() - (askedAt ?? Number.NaN));
  }
  return msOf('stop a training, from the cancel to the news of it', times);
}

async function timed(runs: number, act: () => Promise<unknown>): Promise<number[]> {
  // Once without the watch: the first time something is compiled and opened.
  await act();
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const begunAt = performance.now();
    await act();
    times.push(performance.now() - begunAt);
  }
  return times;
}

function msOf(name: string, times: readonly number[]): Measure {
  const sorted = times.toSorted((first, second) => first - second);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return { name, median, worst: sorted.at(-1) ?? Number.NaN, unit: 'ms', runs: times.length };
}

function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(value >= 10 ? 1 : 2);
}
