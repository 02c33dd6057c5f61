import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Resources } from '../../src/apps/serve.ts';
import { CancellationToken, systemClock, type Clock } from '../../src/async/index.ts';
import { silentLogger } from '../../src/base/index.ts';
import {
  barProviderContract,
  type OpenOptions,
  type ProviderUnderTest,
  type SourceContents,
  type SourceFailure,
} from '../../src/data/bar-provider.contract.ts';
import { fetchBars } from '../../src/data/index.ts';
import {
  fetchBarsWork,
  gatewayReadiness,
  IbBarProvider,
  IbDataAdapter,
  IbGateway,
  ibHostEndpoints,
  startGatewaySimulator,
} from '../../src/ib/index.ts';
import { stock } from '../../src/ib/simulator/instruments/instruments.ts';
import { OperationsService, OperationStore, ServiceOrchestrator } from '../../src/operations/index.ts';
import { HostService, hostServiceConfig } from '../../src/service/index.ts';

/** Friday noon in New York. */
const now = Date.parse('2025-06-13T16:00:30Z');
const clock: Clock = {
  now: () => now,
  elapsed: () => systemClock.elapsed(),
  after: (ms, callback) => systemClock.after(ms, callback),
  sleep: (ms, token) => systemClock.sleep(ms, token),
};

const unlisted = stock({ conId: 1, symbol: 'LATE', longName: 'LISTED LATER', walk: { listed: '2025-09-01' } });

const contents: SourceContents = {
  known: [
    ['aapl', 'AAPL'],
    ['EURUSD', 'EUR.USD'],
  ],
  unknown: 'NOSUCH',
  bare: unlisted.symbol,
  forbidden: 'MSFT',
};

barProviderContract('A gateway asked directly', contents, openDirect);
barProviderContract('A gateway asked through an IB host', contents, openThroughHost);

async function openDirect({ isImpatient = false }: OpenOptions = {}): Promise<
  ProviderUnderTest & { readonly provider: IbBarProvider }
> {
  const resources = new Resources();
  const simulator = resources.add(
    await startGatewaySimulator({ clock, instruments: [unlisted], withoutPermission: [contents.forbidden] }),
  );
  const { host, port } = simulator;
  // As many history requests as come; the pace that IB sets has tests of its own.
  const pacing = { history: { count: 1_000, ms: 2_000 }, messages: { count: 45, ms: 1_000 } };
  const gateway = resources.add(
    new IbGateway({
      host,
      port,
      pacing: isImpatient ? { ...pacing, afterComplaintMs: 5, identicalMs: 0 } : pacing,
      ...(isImpatient ? { timeouts: { historyMs: 500 }, reconnect: { nextIdMs: 5 } } : {}),
      clock,
      log: silentLogger,
    }),
  );
  const spoil: Record<SourceFailure, () => unknown> = {
    rate_limited: () => Array.from({ length: 10 }, () => simulator.inject({ kind: 'false_pacing_violation' })),
    deadline_exceeded: () => simulator.inject({ kind: 'mute_history' }),
    data_corrupt: () => simulator.inject({ kind: 'unordered_bars' }),
    conflict: async () => {
      for (const clientId of [1, 2, 3]) {
        const other = resources.add(new IbGateway({ host, port, clientId, clock, log: silentLogger }));
        await other.connect(CancellationToken.none);
      }
    },
  };
  return {
    provider: new IbBarProvider(gateway, clock),
    clock,
    asked: () => simulator.openRequests.length,
    underWay: () => simulator.openRequests.length,
    spoil: async (code) => void (await spoil[code]()),
    mute: () => simulator.inject({ kind: 'mute_history' }),
    close: () => simulator.close(),
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };
}

async function openThroughHost(options?: OpenOptions): Promise<ProviderUnderTest> {
  const resources = new Resources();
  const home = await mkdtemp(join(tmpdir(), 'ktrdr-bar-providers-'));
  resources.add({ [Symbol.asyncDispose]: () => rm(home, { recursive: true }) });
  const store = resources.add(OperationStore.open(home));
  const direct = resources.add(await openDirect(options));
  const operations = new OperationsService(store, clock);
  const orchestrator = resources.add(new ServiceOrchestrator({ operations, clock, log: silentLogger }));
  orchestrator.register(fetchBars, fetchBarsWork(direct.provider));
  const host = resources.add(
    new HostService({
      name: 'ib-host',
      version: '1',
      orchestrator,
      endpoints: ibHostEndpoints(direct.provider, orchestrator),
      readiness: { gateway: gatewayReadiness(direct.provider) },
      clock,
    }),
  );
  const { url } = await host.listen(0);
  return {
    ...direct,
    provider: resources.add(new IbDataAdapter({ config: hostServiceConfig({ baseUrl: url, retries: 0 }), clock })),
    underWay: () => direct.underWay() + operations.list({ status: ['pending', 'running'] }).total,
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };
}
