import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../async/index.ts';
import { silentLogger } from '../base/index.ts';
import { OperationsService, OperationStore, ServiceOrchestrator } from '../operations/index.ts';
import { openCheckpoints } from './checkpoints.ts';
import { localTrainer } from './local-trainer.ts';
import { ModelStore } from '../models/index.ts';
import { sampleSource, trainerSettings } from './sample-source.fixture.ts';
import { sampleStrategy } from '../strategies/sample-strategy.fixture.ts';
import { TrainingManager } from './training-manager.ts';

const trainings = 12;
const slots = 2;

it(`${trainings} trainings started at once all finish, ${slots} at a time, and those that wait say so`, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ktrdr-trainings-'));
  try {
    using store = OperationStore.open(directory);
    const operations = new OperationsService(store, systemClock);
    const models = await ModelStore.open(join(directory, 'models'));
    await using orchestrator = new ServiceOrchestrator({
      operations,
      clock: systemClock,
      log: silentLogger,
      slots: { training: slots },
    });
    const source = sampleSource(600);
    let running = 0;
    let mostAtOnce = 0;
    const work = localTrainer({
      bars: source,
      models,
      version: '1.2.3',
      ...trainerSettings,
      checkpoints: openCheckpoints(join(directory, 'checkpoints')),
    });
    const manager = new TrainingManager({
      orchestrator,
      resource: 'training',
      work: async (input, context) => {
        running += 1;
        mostAtOnce = Math.max(mostAtOnce, running);
        return work(input, context).finally(() => (running -= 1));
      },
    });
    const strategy = sampleStrategy();
    const started = Array.from({ length: trainings }, (_, index) => manager.train({ strategy }, { id: `t-${index}` }));
    await expect
      .poll(() => operations.list({ status: ['pending'] }).operations.map(({ message }) => message))
      .toContain('Queued, next to start');
    expect(operations.get('t-11').progress.phase).toBe('queued');
    const results = await Promise.all(started.map(({ result }) => result));
    expect(mostAtOnce).toBe(slots);
    expect(new Set(results.map(({ weightsSha256 }) => weightsSha256)).size).toBe(1);
    expect(new Set(results.map(({ model }) => model.version)).size).toBe(trainings);
    expect(orchestrator.resources['training']).toEqual({ slots, holding: 0, waiting: 0 });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
