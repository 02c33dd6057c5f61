import { join } from 'node:path';
import { systemClock } from '../async/index.ts';
import type { Logger } from '../base/index.ts';
import { obtainToken, type Settings } from '../config/index.ts';
import { BarStore } from '../data/index.ts';
import { OperationsService, OperationStore, ServiceOrchestrator } from '../operations/index.ts';
import { HostService } from '../service/index.ts';
import { ModelStore } from '../models/index.ts';
import { trainingHostEndpoints, TrainingManager } from '../training/index.ts';
import { compose, type RunningService } from './serve.ts';
import { trainingHere, trainingSlots } from './training-here.ts';
import { version } from './version.ts';

/** Models lie in the home; the records here are only for whoever asked. */
const retain = { maxCount: 1_000 };

interface TrainingHostOptions {
  readonly port: number;
  readonly log: Logger;
  /** At most one checkpoint of a training in this time. */
  readonly checkpointEveryMs?: number;
}

/** The training host service: trains in worker threads, on the bars and into the models of a home it shares with the API. */
export function startTrainingHost(
  settings: Settings,
  { port, log, checkpointEveryMs }: TrainingHostOptions,
): Promise<RunningService> {
  return compose(async (resources) => {
    const clock = systemClock;
    const store = resources.add(OperationStore.open(join(settings.home, 'hosts', 'training')));
    const bars = resources.add(await BarStore.open(join(settings.home, 'bars'), { access: 'read', clock, log }));
    const models = await ModelStore.open(join(settings.home, 'models'));
    const operations = new OperationsService(store, clock);
    const orchestrator = resources.add(
      new ServiceOrchestrator({ operations, clock, log, retain, root: settings.home, slots: trainingSlots }),
    );
    const training = new TrainingManager({
      orchestrator,
      work: trainingHere({ settings, bars, models, checkpointEveryMs }),
      resource: 'training',
    });
    orchestrator.recover();
    const host = new HostService({
      name: 'ktrdr-training-host',
      version,
      token: obtainToken(settings.access),
      root: settings.home,
      orchestrator,
      endpoints: trainingHostEndpoints(training),
      log,
      clock,
    });
    return { host, port };
  });
}
