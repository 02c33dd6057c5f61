import { systemClock } from '../async/index.ts';
import type { Logger } from '../base/index.ts';
import type { Settings } from '../config/index.ts';
import { OperationsService, ServiceOrchestrator, type OperationStore, type Retention } from '../operations/index.ts';

interface OrchestratorParts {
  readonly store: OperationStore;
  /** Of what has ended. */
  readonly retain: Retention;
  /** How many operations may hold a resource at the same time. */
  readonly slots?: Readonly<Record<string, number>>;
  readonly log: Logger;
}

/** What runs the operations of a service, on its records; the service registers its kinds of work. */
export function orchestratorOf(
  settings: Settings,
  { store, retain, slots = {}, log }: OrchestratorParts,
): ServiceOrchestrator {
  const clock = systemClock;
  return new ServiceOrchestrator({
    operations: new OperationsService(store, clock),
    clock,
    log,
    retain,
    slots,
    root: settings.home,
    keepsDebug: settings.logLevel === 'debug',
  });
}
