import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../async/index.ts';
import { KtrdrError, silentLogger } from '../base/index.ts';
import { OperationsService, OperationStore, ServiceOrchestrator } from '../operations/index.ts';
import { HostService, hostServiceConfig, memoryTransport, type Transport } from '../service/index.ts';
import { openCheckpoints } from './checkpoints.ts';
import { localTrainer } from './local-trainer.ts';
import { ModelStore } from '../models/index.ts';
import { sampleSource, trainerSettings } from './sample-source.fixture.ts';
import { sampleStrategy } from '../strategies/sample-strategy.fixture.ts';
import { trainModel } from './train-model.ts';
import { TrainingAdapter } from './training-adapter.ts';
import { TrainingManager } from './training-manager.ts';

const strategy = sampleStrategy(['  epochs: 3', '  epochs: 60'], ['patience: 5', 'patience: 60']);
const long = sampleStrategy(['  epochs: 3', '  epochs: 100000'], ['patience: 5', 'patience: 100000']);

let whole: string | undefined;

/** A service with its records, as one process has them. */
interface Process {
  readonly store: OperationStore;
  readonly orchestrator: ServiceOrchestrator;
  readonly training: TrainingManager;
}

describe('a training on a host', () => {
  let directory: string;
  let models: ModelStore;
  let there: Process & { host: HostService };
  let here: Process;
  /** Who calls while the host is down waits for it. */
  let up: Promise<void>;
  /** How many more of the requests for a result do not reach the host. */
  let lostResults: number;
  /** How often a start fails: at first its answer is lost with the host, then there is nobody. */
  let lostStarts: string[];
  /** Nothing reaches the host. */
  let isAway: boolean;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ktrdr-restart-'));
    models = await ModelStore.open(join(directory, 'models'));
    up = Promise.resolve();
    lostResults = 0;
    lostStarts = [];
    isAway = false;
    there = startHost();
    here = startApi();
  });

  afterEach(async () => {
    await stop(here);
    await stop(there);
    await rm(directory, { recursive: true, force: true });
  });

  function start(name: string, work: ConstructorParameters<typeof TrainingManager>[0]['work']): Process {
    const store = OperationStore.open(join(directory, name));
    const operations = new OperationsService(store, systemClock);
    const orchestrator = new ServiceOrchestrator({ operations, clock: systemClock, log: silentLogger });
    const training = new TrainingManager({ orchestrator, work });
    orchestrator.recover();
    return { store, orchestrator, training };
  }

  function startHost(): typeof there {
    const checkpoints = openCheckpoints(join(directory, 'checkpoints'), { everyMs: 0 });
    const process = start(
      'host',
      localTrainer({ bars: sampleSource(), models, version: '1.2.3', ...trainerSettings, checkpoints }),
    );
    const { orchestrator } = process;
    return { ...process, host: new HostService({ name: 'training', version: '1.2.3', orchestrator }) };
  }

  function startApi(): Process {
    const transport: Transport = {
      baseUrl: 'http://memory',
      send: async (request) => {
        await up;
        if (isAway) throw new KtrdrError('unavailable', 'The host is gone.');
        if (request.path.endsWith('/result') && lostResults > 0) {
          lostResults -= 1;
          throw new KtrdrError('unavailable', 'The host is gone.');
        }
        const code = request.method === 'PUT' ? lostStarts.shift() : undefined;
        if (code !== 'ECONNREFUSED') {
          const answer = await memoryTransport(there.host).send(request);
          if (code === undefined) return answer;
        }
        throw Object.assign(new Error('The connection is gone.'), { code });
      },
      async [Symbol.asyncDispose]() {},
    };
    const adapter = new TrainingAdapter({ config: hostServiceConfig({ baseUrl: 'http://memory' }), models, transport });
    return start('api', adapter.train);
  }

  async function stop({ store, orchestrator }: Process): Promise<void> {
    await orchestrator[Symbol.asyncDispose]();
    store[Symbol.dispose]();
  }

  const epochOf = (id: string): number =>
    trainModel.context.parse(here.orchestrator.operations.get(id).progress.context).epoch;

  async function untilEpoch(id: string, epoch: number): Promise<void> {
    await expect.poll(() => epochOf(id), { timeout: 10_000, interval: 2 }).toBeGreaterThanOrEqual(epoch);
  }

  /** The weights of a training that nothing interrupts. */
  const wholeHash = async (): Promise<string> =>
    (whole ??= (await there.training.train({ strategy }, { id: 'whole' }).result).weightsSha256);

  it('goes on when the host is stopped and started again meanwhile', async () => {
    const { result } = here.training.train({ strategy }, { id: 'op' });
    await untilEpoch('op', 10);
    let back = (): void => {};
    up = new Promise((resolve) => (back = resolve));
    await stop(there);
    there = startHost();
    back();
    const { weightsSha256 } = await result;
    const operations = there.orchestrator.operations.list().operations;
    expect(operations.map(({ id, status, attempt }) => ({ id, status, attempt }))).toEqual([
      { id: 'op', status: 'completed', attempt: 2 },
    ]);
    expect(weightsSha256).toBe(await wholeHash());
  });

  it('has its result when the host went away between the end and the asking for it', async () => {
    lostResults = 5;
    const { weightsSha256 } = await here.training.train({ strategy }, { id: 'op' }).result;
    expect(lostResults).toBe(0);
    expect(weightsSha256).toBe(await wholeHash());
  });

  it('is waited for when the host went away over its start and may be training', async () => {
    lostStarts = ['ECONNRESET', ...Array.from({ length: 3 }, () => 'ECONNREFUSED')];
    const { result } = here.training.train({ strategy }, { id: 'op' });
    const { model, weightsSha256 } = await result;
    expect(lostStarts).toEqual([]);
    expect(there.orchestrator.operations.list().operations).toMatchObject([{ id: 'op', attempt: 1 }]);
    expect(await models.list()).toMatchObject([{ version: model.version }]);
    expect(weightsSha256).toBe(await wholeHash());
  });

  it('is not waited for when the host never heard of it', async () => {
    lostStarts = Array.from({ length: 6 }, () => 'ECONNREFUSED');
    const { result } = here.training.train({ strategy }, { id: 'op' });
    await expect(result).rejects.toMatchObject({ code: 'unavailable' });
    expect(there.orchestrator.operations.list().operations).toEqual([]);
    expect(lostStarts, 'no more than the tries of one call').not.toEqual([]);
  });

  it('goes on when this end is stopped and started again, from where the host has stopped', async () => {
    here.training.train({ strategy }, { id: 'op' });
    await untilEpoch('op', 10);
    await stop(here);
    here = startApi();
    const { weightsSha256 } = await here.training.train({ strategy }, { id: 'op' }).result;
    expect(here.training.get('op')).toMatchObject({ status: 'completed', attempt: 2 });
    const operations = there.orchestrator.operations.list().operations;
    expect(operations.map(({ status, resumedFrom }) => ({ status, resumedFrom }))).toEqual([
      { status: 'completed', resumedFrom: 'op' },
      { status: 'cancelled', resumedFrom: undefined },
    ]);
    expect(weightsSha256).toBe(await wholeHash());
  });

  it('is cancelled there too when this end died before it had said so', async () => {
    here.training.train({ strategy }, { id: 'op' });
    await untilEpoch('op', 10);
    // Nothing reaches the process that died any more, and nothing comes from it.
    up = new Promise(() => {});
    here.orchestrator.operations.cancel('op');
    here.store[Symbol.dispose]();
    up = Promise.resolve();
    here = startApi();
    await expect.poll(() => here.training.get('op').status).toBe('cancelled');
    expect(here.training.get('op')).toMatchObject({ cancellation: { reason: 'user', forced: false } });
    expect(there.training.get('op')).toMatchObject({ status: 'cancelled', cancellation: { reason: 'user' } });
  });

  it.each(['same', 'next'])(
    'is cancelled there by the %s process when the host is back that was away',
    async (which) => {
      lostStarts = ['ECONNRESET', ...Array.from({ length: 9 }, () => 'ECONNREFUSED')];
      const { result } = here.training.train({ strategy: long }, { id: 'op' });
      await expect.poll(() => there.orchestrator.operations.find('op')?.status, { interval: 1 }).toBe('running');
      isAway = true;
      await expect.poll(() => here.training.get('op').message, { timeout: 4_000 }).toContain('trying again in');
      here.training.cancel('op');
      await expect(result).rejects.toMatchObject({ code: 'cancelled', details: { unconfirmed: true } });
      if (which === 'next') {
        await stop(here);
        here = startApi();
      }
      expect(there.training.get('op').status, 'it trains on').toBe('running');
      isAway = false;
      await expect.poll(() => there.training.get('op').status, { timeout: 4_000 }).toBe('cancelled');
      const messages = (): string[] => here.orchestrator.operations.logs('op').lines.map(({ message }) => message);
      await expect.poll(messages).toContain('the cancel was confirmed after all');
    },
  );

  it('goes on when it is resumed before its old cancel has reached the host', async () => {
    lostStarts = ['ECONNRESET', ...Array.from({ length: 9 }, () => 'ECONNREFUSED')];
    const { result } = here.training.train({ strategy: long }, { id: 'op' });
    await expect.poll(() => there.orchestrator.operations.find('op')?.status, { interval: 1 }).toBe('running');
    isAway = true;
    await expect.poll(() => here.training.get('op').message, { timeout: 4_000 }).toContain('trying again in');
    here.training.cancel('op');
    await expect(result).rejects.toMatchObject({ details: { unconfirmed: true } });
    isAway = false;
    lostStarts = [];
    const resumed = here.orchestrator.resume('op', { id: 'op-2' });
    await expect.poll(() => epochOf('op-2'), { interval: 2 }).toBeGreaterThan(0);
    there.training.cancel('op');
    await expect
      .poll(() => there.orchestrator.operations.list().operations, { timeout: 4_000 })
      .toMatchObject([
        { status: 'running', resumedFrom: 'op' },
        { id: 'op', status: 'cancelled' },
      ]);
    const reached = epochOf('op-2');
    await expect.poll(() => epochOf('op-2'), { timeout: 4_000 }).toBeGreaterThan(reached);
    here.training.cancel('op-2');
    await expect(resumed.result).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('goes on when both ends were stopped: this one as a crash, the host by its shutdown', async () => {
    here.training.train({ strategy }, { id: 'op' });
    await untilEpoch('op', 10);
    // Nothing reaches the process that died any more.
    up = new Promise(() => {});
    here.store[Symbol.dispose]();
    await stop(there);
    there = startHost();
    up = Promise.resolve();
    here = startApi();
    const { weightsSha256 } = await here.training.train({ strategy }, { id: 'op' }).result;
    expect(here.training.get('op')).toMatchObject({ status: 'completed', attempt: 2 });
    expect(weightsSha256).toBe(await wholeHash());
  });

  it('goes on from the checkpoints of the host when somebody resumes it here', async () => {
    const { result } = here.training.train({ strategy }, { id: 'op' });
    await untilEpoch('op', 10);
    here.orchestrator.operations.cancel('op', 'timeout');
    await expect(result).rejects.toMatchObject({ code: 'cancelled' });
    const resumed = here.orchestrator.resume('op', { id: 'op-2' });
    const { weightsSha256 } = await (resumed.result as typeof result);
    const [newest] = there.orchestrator.operations.list().operations;
    expect(newest).toMatchObject({ status: 'completed', resumedFrom: 'op' });
    expect(weightsSha256).toBe(await wholeHash());
  });
});
