// How many minute bars a second go from a gateway that answers at once through IB host and adapter into the store, when
// no pace is kept. Gateway, host and store are processes of their own on the loopback.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CancellationToken, systemClock } from '../dist/async/index.js';
import { silentLogger } from '../dist/base/index.js';
import { BarStore, DataManager } from '../dist/data/index.js';
import { IbDataAdapter } from '../dist/ib/index.js';
import { hostServiceConfig } from '../dist/service/index.js';
import { startChild } from './support/children.mjs';
import { openOperations } from './support/hosts.mjs';
import { atLeast, formats, report, row } from './support/report.mjs';
import { withResources } from './support/resources.mjs';
import { sized } from './support/smoke.mjs';

const gatewayEntry = fileURLToPath(new URL('./support/gateway.mjs', import.meta.url));
const hostEntry = fileURLToPath(new URL('./support/unpaced-ib-host.mjs', import.meta.url));
const symbols = sized(['AAPL', 'MSFT', 'NVDA', 'SPY'], ['AAPL', 'MSFT']);
const range = { start: Date.UTC(2019, 0, 1), end: sized(Date.UTC(2024, 0, 1), Date.UTC(2019, 1, 1)) };

await withResources(async ({ open, directory }) => {
  const gateway = open(await startChild(gatewayEntry));
  const host = open(await startChild(hostEntry, { args: [join(directory, 'host'), gateway.message] }));
  const config = hostServiceConfig({ baseUrl: host.message });
  const provider = open(new IbDataAdapter({ config, log: silentLogger }));
  const store = open(await BarStore.open(join(directory, 'bars')));
  const { orchestrator } = open(openOperations(join(directory, 'api')));
  const data = new DataManager({ store, provider, orchestrator, clock: systemClock });
  await provider.describe('AAPL', { token: CancellationToken.none });
  const loads = [];
  for (const symbol of symbols) {
    const begun = performance.now();
    const { loaded, coverage } = await data.load({ symbol, timeframe: '1m', mode: 'full', ...range }).result;
    if (coverage.missing > 0) throw new Error(`${coverage.missing} bars of ${symbol} are missing after the load`);
    loads.push({ ms: performance.now() - begun, ...loaded });
  }
  // The first one also pays for what is compiled on first use.
  const warm = loads.slice(1);
  report({
    title: `A load of ${warm[0].bars.toLocaleString('en-US')} bars of 1m without pacing: gateway, IB host, adapter, store`,
    rows: [
      row({
        what: 'bars',
        ours: warm.map(({ bars, ms }) => (bars * 1_000) / ms),
        format: formats.perSecond,
        limit: atLeast(200_000),
      }),
    ],
    notes: [`${warm[0].segments} requests, each an operation of the host and durable in the store before it counts.`],
  });
});
