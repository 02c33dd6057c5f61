import { join } from 'node:path';
import { systemClock } from '../async/index.ts';
import type { Logger } from '../base/index.ts';
import { obtainToken, type Settings } from '../config/index.ts';
import { fetchBars } from '../data/index.ts';
import { fetchBarsWork, gatewayReadiness, IbBarProvider, IbGateway, ibHostEndpoints } from '../ib/index.ts';
import { OperationStore } from '../operations/index.ts';
import { HostService } from '../service/index.ts';
import { hostDirectory } from './host-directory.ts';
import { orchestratorOf } from './orchestrator-of.ts';
import { compose, type Resources, type RunningService } from './serve.ts';
import { version } from './version.ts';

/** Fetched bars lie in the caller's store; here they only wait to be picked up. */
const retain = { maxCount: 500 };

/** The IB host service: the one process that talks to the gateway, on behalf of whoever asks. */
export function startIbHost(settings: Settings, { port, log }: { port: number; log: Logger }): Promise<RunningService> {
  return compose(async (resources) => {
    const clock = systemClock;
    const store = resources.add(OperationStore.open(hostDirectory(settings.home, 'ib')));
    const provider = directProvider(settings, { resources, log });
    const orchestrator = resources.add(orchestratorOf(settings, { store, retain, log }));
    orchestrator.register(fetchBars, fetchBarsWork(provider));
    orchestrator.recover();
    const host = new HostService({
      name: 'ktrdr-ib-host',
      version,
      token: obtainToken(settings.access),
      root: settings.home,
      orchestrator,
      endpoints: ibHostEndpoints(provider, orchestrator),
      readiness: { gateway: gatewayReadiness(provider) },
      log,
      clock,
    });
    return { host, port, store };
  });
}

/** Bars straight from the gateway, without a host service between. */
export function directProvider(
  settings: Settings,
  { resources, log }: { resources: Resources; log: Logger },
): IbBarProvider {
  const journal = join(settings.state, 'pacing');
  const gateway = resources.add(new IbGateway({ ...settings.ib.gateway, journal, clock: systemClock, log }));
  return new IbBarProvider(gateway);
}
