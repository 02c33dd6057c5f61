import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../async/index.ts';
import { KtrdrError, silentLogger } from '../base/index.ts';
import {
  metricsPageSchema,
  OperationsService,
  OperationStore,
  ServiceOrchestrator,
  type Operation,
} from '../operations/index.ts';
import { HostService, hostServiceConfig, memoryTransport } from '../service/index.ts';
import { localTrainer } from './local-trainer.ts';
import { ModelStore } from '../models/index.ts';
import { sampleSource, trainerSettings } from './sample-source.fixture.ts';
import { sampleStrategy } from '../strategies/sample-strategy.fixture.ts';
import { TrainingAdapter } from './training-adapter.ts';
import { trainingHostEndpoints } from './training-host-endpoints.ts';
import { TrainingManager } from './training-manager.ts';

const strategy = sampleStrategy();
const long = sampleStrategy(['  epochs: 3', '  epochs: 100000'], ['patience: 5', 'patience: 100000']);

describe('a training host', () => {
  let directory: string;
  let resources: (Disposable | AsyncDisposable)[];
  let host: HostService;
  let onHost: TrainingManager;
  let hostOperations: OperationsService;
  let here: TrainingManager;
  let hereOperations: OperationsService;
  let models: ModelStore;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ktrdr-training-host-'));
    resources = [];
    models = await ModelStore.open(join(directory, 'models'));
    const work = localTrainer({ bars: sampleSource(), models, version: '1.2.3', ...trainerSettings });
    const remote = orchestratorIn('host');
    hostOperations = remote.operations;
    onHost = new TrainingManager({ orchestrator: remote, work });
    host = kept(
      new HostService({
        name: 'training',
        version: '1.2.3',
        orchestrator: remote,
        endpoints: trainingHostEndpoints(onHost, models),
      }),
    );
    const config = hostServiceConfig({ baseUrl: 'http://memory' });
    const adapter = kept(new TrainingAdapter({ config, models, transport: memoryTransport(host) }));
    const api = orchestratorIn('api');
    hereOperations = api.operations;
    here = new TrainingManager({ orchestrator: api, work: adapter.train });
  });

  afterEach(async () => {
    for (const resource of resources.toReversed()) {
      if (Symbol.asyncDispose in resource) await resource[Symbol.asyncDispose]();
      else resource[Symbol.dispose]();
    }
    await rm(directory, { recursive: true, force: true });
  });

  function kept<T extends Disposable | AsyncDisposable>(resource: T): T {
    resources.push(resource);
    return resource;
  }

  function orchestratorIn(name: string): ServiceOrchestrator {
    const store = kept(OperationStore.open(join(directory, name)));
    const operations = new OperationsService(store, systemClock);
    return kept(new ServiceOrchestrator({ operations, clock: systemClock, log: silentLogger }));
  }

  async function send(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const init = {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    const response = await host.handle(new Request(`http://memory${path}`, init));
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  async function ended(operations: OperationsService, id: string): Promise<Operation | undefined> {
    let last: Operation | undefined;
    for await (const operation of operations.watch(id)) last = operation;
    return last;
  }

  it('gives the weights that a training here gives', async () => {
    const remotely = here.train({ strategy }, { id: 'far' });
    const locally = onHost.train({ strategy }, { id: 'near' });
    const [far, near] = await Promise.all([remotely.result, locally.result]);
    expect(far.weightsSha256).toBe(near.weightsSha256);
    expect(far.metrics).toEqual(near.metrics);
    expect(far.model.version).not.toBe(near.model.version);
    expect(here.get('far').message).toBe(onHost.get('far').message);
  });

  it('keeps the curves there and here, to be read with a cursor', async () => {
    const { history } = await here.train({ strategy }, { id: 'far' }).result;
    const path = '/operations/far/metrics';
    const whole = await send('GET', path);
    const points = metricsPageSchema.parse(whole.body).points;
    const epochs = points.filter(({ values }) => 'learningRate' in values);
    expect(epochs).toHaveLength(history.length);
    expect(epochs.map(({ values }) => values)).toMatchObject(history);
    const batches = points.length / epochs.length;
    expect(batches).toBeGreaterThan(10);
    expect(points.map(({ step }) => step)).toEqual(points.map((_, index) => index + 1));

    const first = await send('GET', `${path}?limit=10`);
    expect(first.body).toMatchObject({ more: true, points: points.slice(0, 10) });
    const rest = await send('GET', `${path}?cursor=${String(first.body['cursor'])}`);
    expect(rest.body).toMatchObject({ more: false, points: points.slice(10) });
    const copied = hereOperations.metrics('far').points.map(({ step, values }) => ({ step, values }));
    expect(copied).toEqual(points.map(({ step, values }) => ({ step, values })));
    expect((await send('GET', '/operations/nobody/metrics')).status).toBe(404);
  });

  it('hears a cancel from here, and both sides end as cancelled', async () => {
    const { id, result } = here.train({ strategy: long }, { id: 'stop-me' });
    await trainingHasBegun(id);
    const askedAt = performance.now();
    here.cancel(id);
    await expect(result).rejects.toMatchObject({ code: 'cancelled' });
    expect(performance.now() - askedAt).toBeLessThan(1_000);
    expect([here.get(id).status, onHost.get(id).status]).toEqual(['cancelled', 'cancelled']);
    expect(await models.list()).toEqual([]);
  });

  it('serves the session routes as other words for operations', async () => {
    const started = await send('POST', '/training/start', { strategy: long, session_id: 'session-1' });
    expect(started).toMatchObject({ status: 202, body: { session_id: 'session-1' } });
    await trainingHasBegun('session-1');
    const status = await send('GET', '/training/status/session-1');
    expect(status).toMatchObject({
      status: 200,
      body: {
        status: 'running',
        progress: { total_epochs: 100_000 },
        message: expect.stringContaining('Training MLP model on AAA, BBB [1h] epoch'),
      },
    });
    expect((await send('POST', '/training/cancel/session-1')).body).toMatchObject({ session_id: 'session-1' });
    expect((await ended(hostOperations, 'session-1'))?.status).toBe('cancelled');
    const again = await send('PUT', '/training/sessions/session-1/cancellation', { reason: 'user' });
    expect(again).toMatchObject({ status: 200, body: { status: 'cancelled', error: { code: 'cancelled' } } });
  });

  it('lists the sessions, newest first and page by page, and gives the result of one that completed', async () => {
    for (const id of ['one', 'two', 'three']) await send('POST', '/training/start', { strategy, session_id: id });
    const first = await send('GET', '/training/sessions?limit=2');
    expect(first).toMatchObject({
      status: 200,
      body: { total_sessions: 3, sessions: [{ session_id: 'three' }, { session_id: 'two' }] },
    });
    const rest = await send('GET', `/training/sessions?cursor=${String(first.body['next_cursor'])}`);
    expect(rest.body).toMatchObject({ sessions: [{ session_id: 'one' }] });
    expect(rest.body['next_cursor']).toBeUndefined();

    for (const id of ['one', 'two', 'three']) expect((await ended(hostOperations, id))?.status).toBe('completed');
    const result = await send('GET', '/training/result/three');
    expect(result).toMatchObject({ status: 200, body: { model: { name: 'sample' }, epochsTrained: 3 } });
    expect(result.body['weightsSha256']).toBe((await onHost.result('one')).weightsSha256);
    const completed = await send('GET', '/training/sessions?status=completed');
    expect(completed.body['total_sessions']).toBe(3);

    await send('POST', '/training/start', { strategy: long, session_id: 'four' });
    expect(await send('GET', '/training/result/four')).toMatchObject({
      status: 409,
      body: { code: 'failed_precondition' },
    });
    onHost.cancel('four');
    await ended(hostOperations, 'four');
  });

  it('answers 404 for a session it does not know and 400 for a strategy that is not valid', async () => {
    expect((await send('GET', '/training/status/nobody')).status).toBe(404);
    expect((await send('GET', '/training/result/nobody')).status).toBe(404);
    expect((await send('PUT', '/training/sessions/nobody/cancellation', {})).status).toBe(404);
    const refused = await send('POST', '/training/start', { strategy: 'name: x' });
    expect(refused.status).toBe(400);
    expect(refused.body['detail']).toContain('strategy:1:1: "training_data" is missing.');
    expect(hostOperations.list().total).toBe(0);
  });

  it('refuses a strategy that is not valid before an operation exists', () => {
    expect(() => here.train({ strategy: 'name: 3', strategyName: 'x.yaml' })).toThrow(KtrdrError);
    expect(() => here.train({ strategy: 'name: 3', strategyName: 'x.yaml' })).toThrow(
      'x.yaml:1:7: "name" must be text',
    );
  });

  async function trainingHasBegun(id: string): Promise<void> {
    for (;;) {
      const operation = hostOperations.find(id);
      if (operation?.progress.phase === 'training') return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
});
