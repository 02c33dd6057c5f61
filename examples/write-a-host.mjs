// A host service of your own, and its client: the same work now runs on the other side of a socket. Progress, cancel,
// errors and the result cross it; neither the work nor the caller can tell.
// Run it after `npm install`: node examples/write-a-host.mjs
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { CancellationToken, systemClock } from '../dist/async/index.js';
import { silentLogger } from '../dist/base/index.js';
import { OperationsService, OperationStore, ServiceOrchestrator } from '../dist/operations/index.js';
import {
  AsyncServiceAdapter,
  defineEndpoint,
  HostService,
  hostServiceConfig,
  implement,
} from '../dist/service/index.js';

// What both sides share: a contract for long work, an endpoint for a short question.
const brewTea = {
  type: 'brew_tea',
  input: z.strictObject({ cups: z.number().int().min(1).max(6) }),
  context: z.object({}),
  result: z.object({ cups: z.number() }),
  begin: () => ({}),
  render: ({ done, total }) => `Brewing cup ${done} of ${total}`,
};
const getStock = defineEndpoint({
  method: 'GET',
  path: '/stock',
  summary: 'How much tea is left',
  response: z.object({ leaves: z.number() }),
});

// The host.
const directory = mkdtempSync(join(tmpdir(), 'ktrdr-example-'));
const store = OperationStore.open(directory);
const orchestrator = new ServiceOrchestrator({
  operations: new OperationsService(store, systemClock),
  clock: systemClock,
  log: silentLogger,
}).register(brewTea, async ({ cups }, { token, progress, clock }) => {
  for (let cup = 1; cup <= cups; cup += 1) {
    progress.report({ done: cup, total: cups });
    await clock.sleep(50, token);
  }
  return { cups };
});
const host = new HostService({
  name: 'tea-host',
  version: '1',
  orchestrator,
  endpoints: [implement(getStock, () => ({ leaves: 100 }))],
});
const { url } = await host.listen(0);

// The client: one class that names its host; sockets, retries, time limits and cancels are taken care of.
class TeaAdapter extends AsyncServiceAdapter {
  serviceName = 'the tea host';
  serviceType = 'tea';
  stock = (token) => this.call(getStock, {}, token);
  brew = (input, context) => this.run(brewTea, input, context);
}
const tea = new TeaAdapter({ config: hostServiceConfig({ baseUrl: url }) });

console.log('stock:', await tea.stock(CancellationToken.none));
const report = ({ done, total }) => total > 0 && console.log(brewTea.render({ done, total }));
const result = await tea.brew(
  { cups: 3 },
  { id: 'tea-1', token: CancellationToken.none, progress: { report }, log: silentLogger, clock: systemClock },
);
console.log('result:', result);
console.log('on the host:', orchestrator.operations.get('tea-1').status);

await tea[Symbol.asyncDispose]();
await host[Symbol.asyncDispose]();
await orchestrator[Symbol.asyncDispose]();
store[Symbol.dispose]();
rmSync(directory, { recursive: true });
