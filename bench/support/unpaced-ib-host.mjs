// An IB host service that keeps no pace, in a process of its own. Its folder and the gateway's port are the arguments.
import { systemClock } from '../../dist/async/index.js';
import { silentLogger } from '../../dist/base/index.js';
import { fetchBars } from '../../dist/data/index.js';
import { fetchBarsWork, IbBarProvider, IbGateway, ibHostEndpoints } from '../../dist/ib/index.js';
import { HostService } from '../../dist/service/index.js';
import { serveParent } from './children.mjs';
import { openOperations } from './hosts.mjs';

const [, , directory, port] = process.argv;
const unlimited = { count: 1e9, ms: 1 };
const gateway = new IbGateway({
  host: '127.0.0.1',
  port: Number(port),
  pacing: { messages: unlimited, history: unlimited },
  clock: systemClock,
  log: silentLogger,
});
const provider = new IbBarProvider(gateway);
const opened = openOperations(directory);
const { orchestrator } = opened;
orchestrator.register(fetchBars, fetchBarsWork(provider));
const endpoints = ibHostEndpoints(provider, orchestrator);
const host = new HostService({ name: 'bench', version: '0', orchestrator, endpoints });
const { url } = await host.listen(0);
serveParent({
  url,
  async [Symbol.asyncDispose]() {
    await opened[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
    await gateway[Symbol.asyncDispose]();
  },
});
