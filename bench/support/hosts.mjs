import { systemClock } from '../../dist/async/index.js';
import { silentLogger } from '../../dist/base/index.js';
import { OperationsService, OperationStore, ServiceOrchestrator } from '../../dist/operations/index.js';
import { HostService, hostServiceConfig, OperationsClient } from '../../dist/service/index.js';

/** What every service is made of: records in `directory`, and the orchestrator over them. */
export function openOperations(directory) {
  const store = OperationStore.open(directory);
  const operations = new OperationsService(store, systemClock);
  const orchestrator = new ServiceOrchestrator({ operations, clock: systemClock, log: silentLogger });
  return {
    operations,
    orchestrator,
    async [Symbol.asyncDispose]() {
      await orchestrator[Symbol.asyncDispose]();
      store[Symbol.dispose]();
    },
  };
}

/** A host service on a free port. `prepare` registers its work. */
export async function startHost({ directory, prepare = () => {}, endpoints = [] }) {
  const opened = openOperations(directory);
  const { operations, orchestrator } = opened;
  prepare(orchestrator);
  const host = new HostService({ name: 'bench', version: '0', orchestrator, endpoints });
  const { url } = await host.listen(0);
  return {
    url,
    operations,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}

export function clientOf(url, settings = {}) {
  return new OperationsClient('bench', { config: hostServiceConfig({ baseUrl: url, ...settings }) });
}
