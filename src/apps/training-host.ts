import { join } from 'node:path';
import { systemClock } from '../async/index.ts';
import type { Logger } from '../base/index.ts';
import { obtainToken, type Settings } from '../config/index.ts';
import { BarStore } from '../data/index.ts';
import { OperationStore } from '../operations/index.ts';
import { HostService, hostServiceConfig } from '../service/index.ts';
import { ModelStore } from '../models/index.ts';
import { trainingHostEndpoints, TrainingManager, type BarSource } from '../training/index.ts';
import { ApiBarSource } from './api-bar-source.ts';
import { barSource } from './bar-source.ts';
import { clientToken } from './client-token.ts';
import { hostDirectory } from './host-directory.ts';
import { orchestratorOf } from './orchestrator-of.ts';
import { compose, type Resources, type RunningService } from './serve.ts';
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

/**
 * The training host service: trains in worker threads, into the models of its home, on the bars of that home, which it
 * shares with the API, or on those that it asks the API for.
 */
export function startTrainingHost(
  settings: Settings,
  { port, log, checkpointEveryMs }: TrainingHostOptions,
): Promise<RunningService> {
  return compose(async (resources) => {
    const clock = systemClock;
    const store = resources.add(OperationStore.open(hostDirectory(settings.home, 'training')));
    const bars = await barsOf(settings, { resources, log });
    const models = await ModelStore.open(join(settings.home, 'models'));
    const orchestrator = resources.add(orchestratorOf(settings, { store, retain, slots: trainingSlots, log }));
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
      endpoints: trainingHostEndpoints(training, models),
      log,
      clock,
    });
    return { host, port, store };
  });
}

async function barsOf(
  settings: Settings,
  { resources, log }: { resources: Resources; log: Logger },
): Promise<BarSource> {
  if (settings.training.bars === 'api') {
    const config = hostServiceConfig({ baseUrl: settings.api.url, token: clientToken(settings) });
    return resources.add(new ApiBarSource({ config, log }));
  }
  const options = { access: 'read', clock: systemClock, log } as const;
  return barSource(resources.add(await BarStore.open(join(settings.home, 'bars'), options)));
}
