import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../async/index.ts';
import { KtrdrError, silentLogger } from '../base/index.ts';
import { modelFileNames, ModelStore } from '../models/index.ts';
import { OperationsService, OperationStore, ServiceOrchestrator } from '../operations/index.ts';
import { HostService, hostServiceConfig, memoryTransport, type Transport } from '../service/index.ts';
import { sampleStrategy } from '../strategies/sample-strategy.fixture.ts';
import { localTrainer } from './local-trainer.ts';
import { sampleSource, trainerSettings } from './sample-source.fixture.ts';
import type { TrainModelResult } from './train-model.ts';
import { TrainingAdapter } from './training-adapter.ts';
import { trainingHostEndpoints } from './training-host-endpoints.ts';
import { TrainingManager } from './training-manager.ts';

const strategy = sampleStrategy();
/** Its pauses are none. */
const impatient: Clock = { ...systemClock, sleep: async () => {} };

/** The records of one process, and what ends with it. */
interface Process {
  readonly orchestrator: ServiceOrchestrator;
  readonly training: TrainingManager;
  readonly end: () => Promise<void>;
}

describe('a training host that has a home of its own', () => {
  let directory: string;
  let home: ModelStore;
  let processes: Process[];
  let far: Process & { models: ModelStore; host: HostService };
  let here: Process;
  /** How many pieces of files the host was asked for. */
  let pieces: number;
  let isAway: boolean;
  /** What becomes of the next start: it is lost, or its answer is, and nothing reaches the host from then on. */
  let nextStart: 'answered' | 'lost' | 'unanswered';
  /** What becomes of a piece on the way home. */
  let way: (piece: Uint8Array) => Uint8Array | Promise<Uint8Array>;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ktrdr-homes-'));
    home = await ModelStore.open(join(directory, 'home', 'models'));
    processes = [];
    pieces = 0;
    isAway = false;
    nextStart = 'answered';
    way = (piece) => piece;
    far = await startHost('far');
    here = startApi(far.host, 'http://far');
  });

  afterEach(async () => {
    for (const { end } of processes.toReversed()) await end();
    await rm(directory, { recursive: true, force: true });
  });

  function start(name: string, work: ConstructorParameters<typeof TrainingManager>[0]['work']): Process {
    const store = OperationStore.open(join(directory, name, 'records'));
    const operations = new OperationsService(store, impatient);
    const orchestrator = new ServiceOrchestrator({ operations, clock: impatient, log: silentLogger });
    const training = new TrainingManager({ orchestrator, work });
    orchestrator.recover();
    const started: Process = {
      orchestrator,
      training,
      async end() {
        await orchestrator[Symbol.asyncDispose]();
        store[Symbol.dispose]();
        processes = processes.filter((process) => process !== started);
      },
    };
    processes.push(started);
    return started;
  }

  async function startHost(name: string, homeOf = name): Promise<typeof far> {
    const models = await ModelStore.open(join(directory, homeOf, 'models'));
    const process = start(name, localTrainer({ bars: sampleSource(), models, version: '1.2.3', ...trainerSettings }));
    const { orchestrator, training } = process;
    const endpoints = trainingHostEndpoints(training, models);
    return { ...process, models, host: new HostService({ name, version: '1.2.3', orchestrator, endpoints }) };
  }

  function startApi(host: HostService, baseUrl: string): Process {
    const direct = memoryTransport(host);
    const transport: Transport = {
      baseUrl,
      async send(request) {
        if (isAway) throw new KtrdrError('unavailable', 'The host is gone.');
        if (request.method === 'PUT' && nextStart !== 'answered') {
          if (nextStart === 'unanswered') await direct.send(request);
          nextStart = 'answered';
          isAway = true;
          throw Object.assign(new Error('The connection is gone.'), { code: 'ECONNRESET' });
        }
        const response = await direct.send(request);
        if (!request.path.includes('/files/') || response.status !== 200) return response;
        pieces += 1;
        const stopped = new Promise<never>((_, reject) =>
          request.token.onCancelled(() => reject(new Error('stopped'))),
        );
        const piece = await Promise.race([way(await response.bytes()), stopped]);
        return { ...response, header: (name) => response.header(name), bytes: async () => piece };
      },
      async [Symbol.asyncDispose]() {},
    };
    const adapter = new TrainingAdapter({
      config: hostServiceConfig({ baseUrl }),
      models: home,
      transport,
      clock: impatient,
    });
    return start('home', adapter.train);
  }

  const train = (id: string): Promise<TrainModelResult> => here.training.train({ strategy }, { id }).result;

  const resume = (id: string, as: string): Promise<TrainModelResult> =>
    here.orchestrator.resume(id, { id: as }).result as Promise<TrainModelResult>;

  const trainingsThere = (): number => far.orchestrator.operations.list().total;

  async function expectSameFiles(versionThere: string, versionHere: string): Promise<void> {
    for (const file of modelFileNames) {
      const there = await readFile(join(directory, 'far', 'models', 'sample', versionThere, file));
      expect(there.equals(await readFile(join(directory, 'home', 'models', 'sample', versionHere, file))), file).toBe(
        true,
      );
    }
  }

  it('gives its model to the one who had it trained, file by file, and keeps its own', async () => {
    await far.training.train({ strategy }, { id: 'for-somebody-else' }).result;
    const { model, weightsSha256 } = await train('op');
    expect(model).toEqual({ name: 'sample', version: 'v2' });
    expect(await home.list()).toMatchObject([{ name: 'sample', version: 'v2', weightsSha256 }]);
    expect(await far.models.list()).toHaveLength(2);
    await expectSameFiles('v2', 'v2');
    expect(here.training.get('op')).toMatchObject({ status: 'completed', progress: { phase: '', fraction: 1 } });
  });

  it('is asked for no file of a model that is here already', async () => {
    await far.end();
    const shared = await startHost('near', 'home');
    await here.end();
    here = startApi(shared.host, 'http://near');
    expect(await train('op')).toMatchObject({ model: { name: 'sample', version: 'v1' } });
    expect(pieces).toBe(0);
    expect(await home.list()).toHaveLength(1);
  });

  it('has its model refused when a bit of it changes on the way, and a resume fetches it without training', async () => {
    way = (piece) => (pieces === 5 ? piece.map((byte) => byte ^ 1) : piece);
    await expect(train('op')).rejects.toMatchObject({
      code: 'data_corrupt',
      message: expect.stringMatching(
        /^The training host at http:\/\/far has trained the model, .* `ktrdr ops resume op` fetches it without training again/,
      ) as string,
    });
    expect(await home.list()).toEqual([]);
    expect(await readdir(join(directory, 'home', 'models'))).toEqual([]);

    const { model } = await resume('op', 'op-2');
    expect(model).toEqual({ name: 'sample', version: 'v1' });
    await expectSameFiles('v1', 'v1');
    expect(trainingsThere()).toBe(1);
  });

  it('lets a cancel stop the fetching at once, after which nothing is left of it here', async () => {
    let stalls = (): void => {};
    const stalled = new Promise<void>((resolve) => (stalls = resolve));
    way = () => {
      stalls();
      return new Promise(() => {});
    };
    const result = train('op');
    await stalled;
    await expect.poll(() => here.training.get('op').message).toContain('fetching the model');
    const askedAt = performance.now();
    here.training.cancel('op');
    await expect(result).rejects.toMatchObject({ code: 'cancelled' });
    expect(performance.now() - askedAt).toBeLessThan(1_000);
    expect(await readdir(join(directory, 'home', 'models'))).toEqual([]);
    expect(far.training.get('op').status).toBe('completed');
    way = (piece) => piece;
    await resume('op', 'op-2');
    await expectSameFiles('v1', 'v1');
    expect(trainingsThere()).toBe(1);
  });

  it('names the host that has the checkpoints when another one is asked to go on from them', async () => {
    way = (piece) => piece.map((byte) => byte ^ 1);
    await expect(train('op')).rejects.toMatchObject({ code: 'data_corrupt' });
    await here.end();
    const other = await startHost('other');
    here = startApi(other.host, 'http://other');
    await expect(resume('op', 'op-2')).rejects.toMatchObject({
      code: 'interrupted',
      message:
        'The training continued as operation "op" at http://far, where its checkpoints lie, and the training host at http://other does not know it. Set TRAINING_HOST_SERVICE_URL to the host that has them, or start the training again.',
    });
    expect(other.orchestrator.operations.list().total).toBe(0);
  });

  it('says so when it has lost the training that it is to go on with', async () => {
    way = (piece) => piece.map((byte) => byte ^ 1);
    await expect(train('op')).rejects.toMatchObject({ code: 'data_corrupt' });
    await here.end();
    const wiped = await startHost('wiped');
    here = startApi(wiped.host, 'http://far');
    await expect(resume('op', 'op-2')).rejects.toThrow('at http://far, which does not know it any more');
  });

  it('is said to have the checkpoints when it stays away', async () => {
    way = (piece) => {
      isAway = pieces === 3;
      return piece;
    };
    await expect(train('op')).rejects.toMatchObject({
      code: 'unavailable',
      message:
        'The host is gone. What the training has reached is kept there; `ktrdr ops resume op` continues from it.',
      details: { operation: 'op', host: 'http://far' },
    });
    isAway = false;
    way = (piece) => piece;
    await resume('op', 'op-2');
    expect(trainingsThere()).toBe(1);
    await expectSameFiles('v1', 'v1');
  });

  it.each(['lost', 'unanswered'] as const)(
    'has one training, and no other, when a start was %s and the host stays away for too long, and it is resumed then',
    async (start) => {
      nextStart = start;
      await expect(train('op')).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(
          /It did not say whether it has begun the training; `ktrdr ops resume op` continues it if so, and begins it if not\.$/,
        ) as string,
      });
      expect(trainingsThere()).toBe(start === 'lost' ? 0 : 1);
      isAway = false;
      await resume('op', 'op-2');
      expect(far.orchestrator.operations.list().operations).toMatchObject([
        { id: start === 'lost' ? 'op-2' : 'op', status: 'completed' },
      ]);
      await expectSameFiles('v1', 'v1');
    },
  );

  it('goes through the last part of its progress while its model comes home', async () => {
    const fractions: number[] = [];
    way = async (piece) => {
      // What was reported is seen by now.
      await new Promise((resolve) => setTimeout(resolve, 120));
      const { progress } = here.training.get('op');
      expect(progress.phase).toBe('fetching the model');
      fractions.push(progress.fraction);
      return piece;
    };
    await train('op');
    expect(fractions[0]).toBe(0.98);
    expect(fractions.at(-1), 'the weights have come').toBe(1);
    expect(here.training.get('op').progress).toMatchObject({ phase: '', fraction: 1 });
  });

  it('says so when its model was removed before it was fetched', async () => {
    way = async (piece) => {
      if (pieces === 1) await far.models.remove('sample', 'v1');
      return piece;
    };
    await expect(train('op')).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('There is no model "sample"') as string,
    });
    expect(await home.list()).toEqual([]);
  });
});
