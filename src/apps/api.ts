import { join } from 'node:path';
import { systemClock } from '../async/index.ts';
import type { Logger } from '../base/index.ts';
import { apiPrefix, obtainToken, type Settings } from '../config/index.ts';
import { BarStore, DataManager } from '../data/index.ts';
import { identifySymbol, IbDataAdapter } from '../ib/index.ts';
import { OperationStore, type OperationsService } from '../operations/index.ts';
import {
  hostServiceConfig,
  HostService,
  implement,
  startOptions,
  type HostServiceConfig,
  type ImplementedEndpoint,
} from '../service/index.ts';
import { ModelStore } from '../models/index.ts';
import { TrainingAdapter, TrainingManager, trainModel } from '../training/index.ts';
import { clientToken } from './client-token.ts';
import { barSource } from './bar-source.ts';
import { dataRoutes } from './data-routes.ts';
import { directProvider } from './ib-host.ts';
import { modelRoutes } from './model-routes.ts';
import { orchestratorOf } from './orchestrator-of.ts';
import { compose, type Resources, type RunningService } from './serve.ts';
import { postTraining } from './training-endpoints.ts';
import { trainingHere, trainingSlots } from './training-here.ts';
import { version } from './version.ts';

/** Of what has ended, so many are kept to look back at. */
const retain = { maxCount: 10_000 };

/** The API: every domain put together, with local work or host services as the settings route it. */
export function startApi(settings: Settings, { port, log }: { port: number; log: Logger }): Promise<RunningService> {
  return compose(async (resources) => {
    const clock = systemClock;
    const store = resources.add(OperationStore.open(settings.home));
    const bars = resources.add(await BarStore.open(join(settings.home, 'bars'), { clock, log }));
    const models = await ModelStore.open(join(settings.home, 'models'));
    // Before the orchestrator, whose last cancels still have to reach the hosts.
    const { ibHost, trainingHost } = hostAdapters(settings, { resources, models, log });
    const provider = ibHost ?? directProvider(settings, { resources, log });
    const work =
      trainingHost === undefined
        ? { work: trainingHere({ settings, bars: barSource(bars), models }), resource: 'training' }
        : { work: trainingHost.train };

    const orchestrator = resources.add(orchestratorOf(settings, { store, retain, slots: trainingSlots, log }));
    const { operations } = orchestrator;
    const data = new DataManager({ store: bars, provider, orchestrator, clock, identify: identifySymbol });
    const training = new TrainingManager({ orchestrator, ...work });
    orchestrator.recover();
    const host = new HostService({
      name: 'ktrdr-api',
      version,
      prefix: apiPrefix,
      token: obtainToken(settings.access),
      root: settings.home,
      orchestrator,
      adapters: [ibHost, trainingHost].filter((adapter) => adapter !== undefined),
      endpoints: [
        ...dataRoutes({ data, provider, operations }),
        ...trainingEndpoints({ training, operations }),
        ...modelRoutes({ models, bars: barSource(bars), nameOf: (symbol) => data.stored.nameOf(symbol) }),
      ],
      log,
      clock,
    });
    return { host, port, hostname: settings.api.host, store };
  });
}

/** The clients of the host services that the settings route to. */
function hostAdapters(
  settings: Settings,
  { resources, models, log }: { resources: Resources; models: ModelStore; log: Logger },
): { ibHost: IbDataAdapter | undefined; trainingHost: TrainingAdapter | undefined } {
  const { ib, training } = settings;
  return {
    ibHost: ib.useHostService ? resources.add(new IbDataAdapter({ config: hostConfig(settings, ib), log })) : undefined,
    trainingHost: training.useHostService
      ? resources.add(new TrainingAdapter({ config: hostConfig(settings, training), models, log }))
      : undefined,
  };
}

function hostConfig(
  settings: Settings,
  { hostServiceUrl: baseUrl, pool }: Settings['ib' | 'training'],
): HostServiceConfig {
  return hostServiceConfig({ baseUrl, ...pool, token: clientToken(settings) });
}

function trainingEndpoints({
  training,
  operations,
}: {
  training: TrainingManager;
  operations: OperationsService;
}): ImplementedEndpoint[] {
  return [
    implement(postTraining, ({ headers, body }, context) =>
      operations.get(training.train(body, startOptions(trainModel.type, headers, context)).id),
    ),
  ];
}
