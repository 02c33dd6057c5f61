// A load of 10,000 hour bars through the whole chain: client, API, IB host, simulated gateway, store.
import { loadBars } from '../dist/data/index.js';
import { formats, report, row } from './support/report.mjs';
import { withResources } from './support/resources.mjs';
import { runContext } from './support/run-context.mjs';
import { sized } from './support/smoke.mjs';
import { startSystem } from './support/system.mjs';

const symbols = sized(['AAPL', 'MSFT', 'GOOG', 'AMZN', 'NVDA', 'SPY'], ['AAPL', 'MSFT']);
// Seven bars a session.
const range = { start: Date.UTC(2018, 0, 1), end: sized(Date.UTC(2023, 8, 7), Date.UTC(2018, 1, 1)) };

await withResources(async ({ open, directory }) => {
  const { client } = await startSystem({ home: directory, open });
  const loads = [];
  for (const symbol of symbols) {
    const input = { symbol, timeframe: '1h', mode: 'full', ...range };
    const begun = performance.now();
    const { loaded, coverage } = await client.run(loadBars, input, runContext(loadBars, input));
    if (coverage.missing > 0) throw new Error(`${coverage.missing} bars of ${symbol} are missing after the load`);
    loads.push({ ms: performance.now() - begun, bars: loaded.bars, requests: loaded.segments });
  }
  // The first one also pays for what is compiled and connected on first use.
  const warm = loads.slice(1);
  const [{ bars, requests }] = warm;
  report({
    title: `A load of ${bars.toLocaleString('en-US')} bars of 1h: client, API, IB host, simulated gateway, store`,
    rows: [
      row({ what: 'the whole load', ours: warm.map(({ ms }) => ms), format: formats.ms }),
      row({ what: 'bars', ours: warm.map((load) => (load.bars * 1_000) / load.ms), format: formats.perSecond }),
    ],
    notes: [
      `${requests} requests to a gateway that answers at once; IB's own limit of six requests for one instrument in two seconds is kept, and it is what the load waits for.`,
    ],
  });
});
