import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientToken } from '../src/apps/client-token.ts';
import { CancellationToken, systemClock } from '../src/async/index.ts';
import { processSettings, type Settings } from '../src/config/index.ts';
import { BarStore } from '../src/data/index.ts';
import { isTerminal, type Operation } from '../src/operations/index.ts';
import { hostServiceConfig, OperationsClient } from '../src/service/index.ts';
import { ModelStore } from '../src/models/index.ts';
import { trainModel, type TrainModelContext } from '../src/training/index.ts';
import { sampleStrategy } from '../src/strategies/sample-strategy.fixture.ts';
import { walk } from '../src/samples/random-walk.fixture.ts';
import { randomFrom } from './support/random.ts';
import { temporaryDirectory, type TemporaryDirectory } from './support/ktrdr-process.ts';

const { none: token } = CancellationToken;
const seed = Date.now() % 1_000_000;
const random = randomFrom(seed);
const long = (epochs: number) =>
  [
    ['  epochs: 3', `  epochs: ${epochs}`],
    ['patience: 5', `patience: ${epochs}`],
  ] as const;
const strategies = {
  mlp: sampleStrategy(...long(120)),
  gru: sampleStrategy(...long(20), [
    '  type: mlp\n  architecture: { hidden_layers: [8], dropout: 0.1 }',
    '  type: gru\n  architecture: { sequence_length: 4, hidden_size: 8, num_layers: 1, dropout: 0.1 }',
  ]),
};
const leastKills = 2;
const mostKills = 8;

/** A training host in a process of its own. */
interface Host {
  readonly process: ChildProcess;
  readonly client: OperationsClient;
}

describe(`a training host that is killed (seed ${seed})`, () => {
  let home: TemporaryDirectory;
  let settings: Settings;
  let host: Host;

  beforeAll(async () => {
    home = await temporaryDirectory();
    settings = await processSettings({ KTRDR_HOME: home.path, KTRDR_LOG_LEVEL: 'silent' });
    await using store = await BarStore.open(join(home.path, 'bars'));
    for (const [index, symbol] of ['AAA', 'BBB'].entries()) {
      const bars = walk({ seed: index + 1, count: 1_200 });
      await store.append({ symbol, timeframe: '1h' }, { calendar: 'us_equities', bars, confirmedEmpty: [] });
    }
    host = await startHost();
  });

  afterAll(async () => {
    await kill(host);
    await home[Symbol.asyncDispose]();
  });

  async function startHost(): Promise<Host> {
    const entry = fileURLToPath(new URL('./fixtures/training-host.mjs', import.meta.url));
    const child = fork(entry, [JSON.stringify(settings)]);
    const [{ url }] = (await once(child, 'message')) as [{ url: string }];
    const config = hostServiceConfig({ baseUrl: url, token: clientToken(settings) });
    return { process: child, client: new OperationsClient('training-host', { config }) };
  }

  async function kill({ process: child, client }: Host): Promise<void> {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    await client[Symbol.asyncDispose]();
  }

  /** The first state that is as wanted. */
  async function state(id: string, isWanted: (operation: Operation) => boolean): Promise<Operation> {
    for await (const operation of host.client.follow(id, { token })) {
      if (isWanted(operation) || isTerminal(operation.status)) return operation;
    }
    return host.client.get(id, token);
  }

  const contextOf = ({ progress }: Operation): TrainModelContext => trainModel.context.parse(progress.context);

  /** How many batches of the whole training the newest checkpoint holds. */
  async function batchesKept(id: string): Promise<number> {
    const names = await readdir(join(home.path, 'checkpoints', id)).catch(() => []);
    return Math.max(0, ...names.map((name) => Number(/^batch-(\d+)-/.exec(name)?.[1] ?? 0)));
  }

  it.each(['mlp', 'gru'] as const)(
    'ends with the weights of one that was not, killed between any two batches: %s',
    { timeout: 120_000 },
    async (kind) => {
      const strategy = strategies[kind];
      const [whole, killed] = [`whole-${kind}`, `killed-${kind}`];
      await host.client.start({ type: trainModel.type, input: { strategy }, id: whole }, token);
      await state(whole, () => false);
      const undisturbed = await host.client.result(trainModel, whole, token);

      await host.client.start({ type: trainModel.type, input: { strategy }, id: killed }, token);
      const kept: number[] = [];
      let kills = 0;
      let batches = 0;
      const withinEpoch = (): boolean => kept.some((count) => count % batches !== 0);
      while (kills < leastKills || (!withinEpoch() && kills < mostKills)) {
        const before = kept.at(-1) ?? 0;
        const running = await state(killed, (operation) => {
          const { epoch, batch } = contextOf(operation);
          ({ batches } = contextOf(operation));
          return operation.attempt === kills + 1 && batches > 0 && (epoch - 1) * batches + batch > before;
        });
        expect(running, `before kill ${kills + 1}, after ${kept.join(', ')} batches`).toMatchObject({
          status: 'running',
          attempt: kills + 1,
        });
        await systemClock.sleep(60 * random(), token);
        await kill(host);
        kills += 1;
        kept.push(await batchesKept(killed));
        expect(kept.at(-1), 'no checkpoint is lost').toBeGreaterThanOrEqual(before);
        host = await startHost();
      }
      expect(withinEpoch(), `an epoch of ${batches} batches was left after ${kept.join(', ')}`).toBe(true);

      const end = await state(killed, () => false);
      expect(end).toMatchObject({ status: 'completed', attempt: kills + 1 });
      expect(end.attempts.map(({ ended }) => ended)).toEqual([
        ...Array<string>(kills).fill('interrupted'),
        'completed',
      ]);
      const result = await host.client.result(trainModel, killed, token);
      const message = `killed after ${kept.join(', ')} batches`;
      expect(result.weightsSha256, message).toBe(undisturbed.weightsSha256);
      expect(result.history, message).toEqual(undisturbed.history);
      expect(result.metrics, message).toEqual(undisturbed.metrics);

      const models = await ModelStore.open(join(home.path, 'models'));
      const hashes = (await models.list()).map(({ weightsSha256 }) => weightsSha256);
      expect(hashes.filter((hash) => hash === undisturbed.weightsSha256)).toHaveLength(2);
      expect(await readdir(join(home.path, 'checkpoints'))).toEqual([]);
    },
  );
});
