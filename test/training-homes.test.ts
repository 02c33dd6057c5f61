import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clientToken } from '../src/apps/client-token.ts';
import { Resources } from '../src/apps/serve.ts';
import { CancellationToken } from '../src/async/index.ts';
import { processSettings, type Settings } from '../src/config/index.ts';
import { BarStore } from '../src/data/index.ts';
import { modelFileNames, ModelStore } from '../src/models/index.ts';
import { isTerminal, type Operation } from '../src/operations/index.ts';
import { hostServiceConfig, OperationsClient } from '../src/service/index.ts';
import { walk } from '../src/samples/random-walk.fixture.ts';
import { sampleStrategy } from '../src/strategies/sample-strategy.fixture.ts';
import { trainModel, type TrainModelResult } from '../src/training/index.ts';
import { freePort } from './support/free-port.ts';
import { KtrdrProcess, temporaryDirectory } from './support/ktrdr-process.ts';
import { Wire, type Passage } from './support/wire.ts';

const { none: token } = CancellationToken;
const short = { strategy: sampleStrategy() };
const long = { strategy: sampleStrategy(['  epochs: 3', '  epochs: 60'], ['patience: 5', 'patience: 60']) };
const endless = { strategy: sampleStrategy(['  epochs: 3', '  epochs: 100000'], ['patience: 5', 'patience: 100000']) };

describe('an API and a training host with homes of their own', () => {
  const resources = new Resources();
  let home: string;
  let away: string;
  let settings: Settings;
  let wire: Wire;
  let host: { process: ChildProcess; client: OperationsClient };
  let api: { process: KtrdrProcess; client: OperationsClient };
  /** What becomes of the pieces of a model's file, the first one first; those behind the last come as they are. */
  let passages: Partial<Record<(typeof modelFileNames)[number], Passage[]>> = {};
  let isHeld = false;
  /** No cancel gets through to the host. */
  let areCancelsLost = false;

  beforeAll(async () => {
    home = resources.add(await temporaryDirectory()).path;
    away = resources.add(await temporaryDirectory()).path;
    const url = `http://127.0.0.1:${await freePort()}/api/v1`;
    settings = await processSettings({ KTRDR_HOME: home, KTRDR_API_URL: url, KTRDR_LOG_LEVEL: 'silent' });
    {
      await using store = await BarStore.open(join(home, 'bars'));
      for (const [index, symbol] of ['AAA', 'BBB'].entries()) {
        const bars = walk({ seed: index + 1, count: 1_200 });
        await store.append({ symbol, timeframe: '1h' }, { calendar: 'us_equities', bars, confirmedEmpty: [] });
      }
    }
    wire = resources.add(
      await Wire.open((path) => {
        if (areCancelsLost && path.endsWith('/cancel')) return 'held';
        const file = modelFileNames.find((name) => path.includes(`/files/${name}?`));
        const passage = (file === undefined ? undefined : passages[file]?.shift()) ?? 'whole';
        isHeld ||= passage === 'held';
        return passage;
      }),
    );
    host = await startHost();
    api = await startApi();
  });

  afterAll(async () => {
    await killApi();
    await killHost();
    await resources[Symbol.asyncDispose]();
  });

  beforeEach(() => {
    passages = {};
    isHeld = false;
  });

  async function startHost(): Promise<typeof host> {
    const there: Settings = { ...settings, home: away, training: { ...settings.training, bars: 'api' } };
    const entry = fileURLToPath(new URL('./fixtures/training-host.mjs', import.meta.url));
    const child = fork(entry, [JSON.stringify(there)]);
    [{ url: wire.target }] = (await once(child, 'message')) as [{ url: string }];
    return { process: child, client: clientOf('training-host', wire.target) };
  }

  async function startApi(): Promise<typeof api> {
    const { port } = new URL(settings.api.url);
    const process = new KtrdrProcess(['up', '--port', port, '--home', home], {
      USE_TRAINING_HOST_SERVICE: 'true',
      TRAINING_HOST_SERVICE_URL: wire.url,
      KTRDR_LOG_LEVEL: 'silent',
    });
    await process.until(/ktrdr API on/);
    return { process, client: clientOf('api', settings.api.url) };
  }

  function clientOf(name: string, baseUrl: string): OperationsClient {
    return new OperationsClient(name, { config: hostServiceConfig({ baseUrl, token: clientToken(settings) }) });
  }

  async function killHost(): Promise<void> {
    const exited = once(host.process, 'exit');
    host.process.kill('SIGKILL');
    await exited;
    await host.client[Symbol.asyncDispose]();
  }

  async function killApi(): Promise<void> {
    api.process.kill('SIGKILL');
    await api.process.exit;
    await api.client[Symbol.asyncDispose]();
  }

  const start = (client: OperationsClient, id: string, input = short): Promise<Operation> =>
    client.start({ type: trainModel.type, input, id }, token);

  /** The first state that is as wanted, or the last one. */
  async function state(id: string, isWanted: (operation: Operation) => boolean): Promise<Operation> {
    for await (const operation of api.client.follow(id, { token })) {
      if (isWanted(operation) || isTerminal(operation.status)) return operation;
    }
    return api.client.get(id, token);
  }

  const end = (id: string): Promise<Operation> => state(id, () => false);

  const epochsOf = ({ progress }: Operation): number => trainModel.context.parse(progress.context).epoch;

  const resultOf = (id: string): Promise<TrainModelResult> => api.client.result(trainModel, id, token);

  async function modelsOf(directory: string): Promise<{ version: string; weightsSha256: string }[]> {
    const store = await ModelStore.open(join(directory, 'models'));
    for (const { faults } of await store.verify()) expect(faults).toEqual([]);
    return (await store.list()).map(({ version, weightsSha256 }) => ({ version, weightsSha256 }));
  }

  it(
    'has the model home, the same in every byte, with either end killed in the middle',
    { timeout: 120_000 },
    async () => {
      await start(host.client, 'whole', long);
      for await (const _ of host.client.follow('whole', { token }));
      const whole = await host.client.result(trainModel, 'whole', token);

      passages = { 'model.safetensors': ['held'] };
      await start(api.client, 'op', long);
      await state('op', (operation) => epochsOf(operation) >= 5);
      await killApi();
      api = await startApi();
      await state('op', (operation) => operation.attempt === 2 && epochsOf(operation) >= 10);
      await killHost();
      host = await startHost();
      await expect.poll(() => isHeld, { timeout: 80_000, interval: 5 }).toBe(true);
      expect(await modelsOf(home), 'a model that has half come is not there').toEqual([]);
      await killApi();
      api = await startApi();
      expect(await end('op')).toMatchObject({ status: 'completed', attempt: 3 });

      const { model, weightsSha256 } = await resultOf('op');
      expect(weightsSha256).toBe(whole.weightsSha256);
      expect(await modelsOf(home)).toEqual([{ version: model.version, weightsSha256 }]);
      expect(await modelsOf(away)).toEqual([
        { version: 'v2', weightsSha256 },
        { version: 'v1', weightsSha256 },
      ]);
      for (const file of modelFileNames) {
        const [here, there] = await Promise.all(
          [join(home, 'models', 'sample', model.version), join(away, 'models', 'sample', 'v2')].map((folder) =>
            readFile(join(folder, file)),
          ),
        );
        expect(here?.equals(there ?? Buffer.alloc(0)), file).toBe(true);
      }
    },
  );

  it('goes on with a piece that was cut off on the way', async () => {
    passages = { 'metadata.json': ['cut off'], 'model.safetensors': ['cut off'] };
    await start(api.client, 'cut');
    expect(await end('cut')).toMatchObject({ status: 'completed', attempt: 1 });
    const { model, weightsSha256 } = await resultOf('cut');
    expect((await modelsOf(home))[0]).toEqual({ version: model.version, weightsSha256 });
    expect(passages).toEqual({ 'metadata.json': [], 'model.safetensors': [] });
  });

  it('refuses a model that was altered on the way, and has it when it is resumed', async () => {
    const before = await modelsOf(home);
    const folders = await readdir(join(home, 'models'));
    passages = { 'model.safetensors': ['altered'] };
    await start(api.client, 'altered');
    expect(await end('altered')).toMatchObject({
      status: 'failed',
      error: {
        code: 'data_corrupt',
        detail: expect.stringMatching(
          /model\.safetensors is not what was saved there.*ktrdr ops resume altered/,
        ) as string,
      },
    });
    expect(await modelsOf(home)).toEqual(before);
    expect(await readdir(join(home, 'models'))).toEqual(folders);

    const trainings = (await host.client.list({}, token)).total;
    const { id } = await api.client.resume('altered', token);
    expect(await end(id)).toMatchObject({ status: 'completed' });
    expect(await modelsOf(home)).toHaveLength(before.length + 1);
    expect((await host.client.list({}, token)).total, 'nothing is trained again').toBe(trainings);
  });

  it('stops fetching within 50 ms of a cancel', async () => {
    const before = await modelsOf(home);
    const folders = await readdir(join(home, 'models'));
    const waits: number[] = [];
    let id = 'cancelled';
    const resume = (): Promise<Operation> => api.client.resume(id, token);
    for (const begin of [() => start(api.client, id), resume, resume]) {
      isHeld = false;
      passages = { 'model.safetensors': ['held'] };
      ({ id } = await begin());
      await expect.poll(() => isHeld, { timeout: 10_000, interval: 5 }).toBe(true);
      await api.client.cancel({ id }, token);
      const { status, cancellation: { requestedAt = 0, stoppedAt = Infinity } = {} } = await end(id);
      expect(status).toBe('cancelled');
      waits.push(stoppedAt - requestedAt);
    }
    expect(Math.min(...waits), `${waits.join(', ')} ms, of which others on the machine have their part`).toBeLessThan(
      50,
    );
    expect(await modelsOf(home)).toEqual(before);
    expect(await readdir(join(home, 'models'))).toEqual(folders);
  });

  it(
    'hears of a cancel that was lost on the way once the way is free, also with the API killed meanwhile',
    { timeout: 60_000 },
    async () => {
      await start(api.client, 'forgotten', endless);
      await state('forgotten', (operation) => epochsOf(operation) >= 3);
      areCancelsLost = true;
      await api.client.cancel({ id: 'forgotten' }, token);
      expect(await end('forgotten')).toMatchObject({
        status: 'cancelled',
        error: { details: { unconfirmed: true, operation: 'forgotten' } },
      });
      await killApi();
      api = await startApi();
      const there = await host.client.get('forgotten', token);
      expect(there.status, 'it trains on').toBe('running');
      areCancelsLost = false;

      for await (const operation of host.client.follow('forgotten', { after: there.version, token })) {
        if (isTerminal(operation.status)) {
          expect(operation).toMatchObject({ status: 'cancelled', cancellation: { reason: 'user', forced: false } });
        }
      }
      const messages = async (): Promise<string[]> =>
        (await api.client.logsOf({ id: 'forgotten' }, token)).lines.map(({ message }) => message);
      await expect.poll(messages, { timeout: 10_000 }).toContain('the cancel was confirmed after all');
      expect(await api.client.get('forgotten', token)).toMatchObject({ status: 'cancelled', attempt: 1 });
    },
  );
});
