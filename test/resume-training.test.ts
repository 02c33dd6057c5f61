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
import { trainModel } from '../src/training/index.ts';
import { sampleStrategy } from '../src/strategies/sample-strategy.fixture.ts';
import { walk } from '../src/samples/random-walk.fixture.ts';
import { temporaryDirectory, type TemporaryDirectory } from './support/ktrdr-process.ts';

const { none: token } = CancellationToken;
const seed = Date.now() % 1_000_000;
const strategy = sampleStrategy(['  epochs: 3', '  epochs: 200'], ['patience: 5', 'patience: 200']);
const kills = 2;

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
    settings = processSettings({ KTRDR_HOME: home.path, KTRDR_LOG_LEVEL: 'silent' });
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

  const epochOf = ({ progress }: Operation): number => trainModel.context.parse(progress.context).epoch;

  it('ends with the weights of one that was not', { timeout: 60_000 }, async () => {
    await host.client.start({ type: trainModel.type, input: { strategy }, id: 'whole' }, token);
    await state('whole', () => false);
    const whole = await host.client.result(trainModel, 'whole', token);

    await host.client.start({ type: trainModel.type, input: { strategy }, id: 'killed' }, token);
    let reached = 0;
    for (let round = 0; round < kills; round += 1) {
      const before = await state('killed', (operation) => epochOf(operation) > reached);
      await systemClock.sleep((seed * (round + 1) * 7_919) % 60, token);
      await kill(host);
      host = await startHost();
      const after = await state('killed', (operation) => epochOf(operation) > 0);
      expect(after, `killed after epoch ${epochOf(before)}`).toMatchObject({ status: 'running', attempt: round + 2 });
      expect(epochOf(after), 'it does not begin anew').toBeGreaterThanOrEqual(epochOf(before));
      reached = epochOf(after);
    }
    const end = await state('killed', () => false);
    expect(end).toMatchObject({ status: 'completed', attempt: kills + 1 });
    expect(end.attempts.map(({ ended }) => ended)).toEqual([...Array<string>(kills).fill('interrupted'), 'completed']);
    const killed = await host.client.result(trainModel, 'killed', token);
    expect(killed.weightsSha256).toBe(whole.weightsSha256);
    expect(killed.history).toEqual(whole.history);
    expect(killed.metrics).toEqual(whole.metrics);

    const models = await ModelStore.open(join(home.path, 'models'));
    expect((await models.list()).map(({ weightsSha256 }) => weightsSha256)).toEqual([
      whole.weightsSha256,
      whole.weightsSha256,
    ]);
    expect(await readdir(join(home.path, 'checkpoints'))).toEqual([]);
  });
});
