import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancellationToken, systemClock } from '../src/async/index.ts';
import { newOperationId } from '../src/base/index.ts';
import { loadBars } from '../src/data/index.ts';
import { isTerminal, type Operation } from '../src/operations/index.ts';
import type { OperationsClient } from '../src/service/index.ts';
import { trainModel } from '../src/training/index.ts';
import { temporaryDirectory, type TemporaryDirectory } from './support/ktrdr-process.ts';
import { randomFrom } from './support/random.ts';
import { startServices, type Services } from './support/services.ts';
import { exampleStrategy } from './support/strategy.ts';
import { workerThreads } from '../src/async/worker-threads.fixture.ts';

const token = CancellationToken.none;
const seed = Date.now() % 1_000_000;
const end = Date.parse('2024-06-01');
const start = Date.parse('2022-06-01');

describe(`a cancel at a random moment (seed ${seed})`, () => {
  let home: TemporaryDirectory;
  let services: Services;
  const random = randomFrom(seed);

  beforeAll(async () => {
    home = await temporaryDirectory();
    services = await startServices({ home: home.path, gateway: { latencyMs: 40 } });
    const load = { symbol: 'AAPL', timeframe: '1h', mode: 'full', start, end } as const;
    expect(await finished(services.api, await begin(services.api, loadBars.type, load))).toMatchObject({
      status: 'completed',
    });
  });

  afterAll(async () => {
    await services[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  /** Starts, cancels after a random time, and looks at both sides. */
  async function cancelled(type: string, input: unknown, withinMs: number) {
    const id = await begin(services.api, type, input);
    const waitMs = random() * withinMs;
    await systemClock.sleep(waitMs, token);
    const asked = performance.now();
    const phase = (await services.api.cancel({ id }, token)).message;
    const here = await finished(services.api, id);
    const stoppedMs = performance.now() - asked;
    return { id, here, stoppedMs, where: `${type} cancelled after ${waitMs.toFixed(0)} ms, at "${phase}"` };
  }

  it('stops a load on both sides in under a second, and what it had stays', { timeout: 60_000 }, async () => {
    let cancelledCount = 0;
    for (let round = 0; round < 12; round += 1) {
      const symbol = ['MSFT', 'SPY', 'NVDA', 'GOOG'][round % 4] ?? 'MSFT';
      const input = { symbol, timeframe: '1h', mode: 'backfill', start, end };
      const { id, here, stoppedMs, where } = await cancelled(loadBars.type, input, 250);
      expect(stoppedMs, where).toBeLessThan(1_000);
      if (here.status === 'completed') continue;
      cancelledCount += 1;
      expect(here, where).toMatchObject({ status: 'cancelled', cancellation: { reason: 'user', forced: false } });
      const { operations } = await services.ibHost.list({ limit: 50 }, token);
      const there = operations.filter((operation) => operation.id.startsWith(`${id}-`));
      expect(
        there.map(({ status }) => status).filter((status) => !isTerminal(status)),
        where,
      ).toEqual([]);
    }
    expect(cancelledCount).toBeGreaterThan(0);
    const whole = { symbol: 'MSFT', timeframe: '1h', mode: 'full', start, end };
    const id = await begin(services.api, loadBars.type, whole);
    await finished(services.api, id);
    const result = await services.api.result(loadBars, id, token);
    expect(result.coverage.missing).toBe(0);
    expect(result.gaps).toEqual([]);
  });

  it('stops a training on both sides in under a second, with no thread left', { timeout: 60_000 }, async () => {
    let cancelledCount = 0;
    for (let round = 0; round < 12; round += 1) {
      const input = { strategy: exampleStrategy({ symbol: 'AAPL', epochs: 100_000 }) };
      const { id, here, stoppedMs, where } = await cancelled(trainModel.type, input, 900);
      expect(stoppedMs, where).toBeLessThan(1_000);
      expect(here, where).toMatchObject({ status: 'cancelled', cancellation: { reason: 'user', forced: false } });
      cancelledCount += 1;
      const there = await services.trainingHost.get(id, token).catch(() => undefined);
      // A cancel that came before the host had heard of the training leaves no trace there.
      if (there !== undefined) expect(there.status, where).toBe('cancelled');
      expect(workerThreads(), where).toBe(0);
    }
    expect(cancelledCount).toBe(12);
    expect((await services.api.list({ status: ['running', 'cancelling', 'pending'] }, token)).total).toBe(0);
  });
});

async function begin(api: OperationsClient, type: string, input: unknown): Promise<string> {
  const id = newOperationId(type, systemClock.now());
  await api.start({ type, input, id }, token);
  return id;
}

async function finished(api: OperationsClient, id: string): Promise<Operation> {
  for await (const operation of api.follow(id, { token })) if (isTerminal(operation.status)) return operation;
  return api.get(id, token);
}
