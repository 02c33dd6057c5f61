// The composition root: the only place where the domain meets the others, and where "here or on a host" is one line.
// Run it after `npm install`: node examples/seasonality/run.mjs
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../dist/async/index.js';
import { silentLogger } from '../../dist/base/index.js';
import { BarStore } from '../../dist/data/index.js';
import { barsFromRows } from '../../dist/market/index.js';
import { OperationsService, OperationStore, ServiceOrchestrator } from '../../dist/operations/index.js';
import { HostService, hostServiceConfig } from '../../dist/service/index.js';
import { SeasonalityAdapter } from './adapter.mjs';
import { measureSeasonality } from './contract.mjs';
import { seasonalityWork } from './work.mjs';

const home = mkdtempSync(join(tmpdir(), 'ktrdr-example-'));
const bars = await BarStore.open(join(home, 'bars'));
await storeSomeDays(bars, 'AAPL');
const here = seasonalityWork((symbol) => bars.read({ symbol, timeframe: '1d' }));

// A host: the work behind HTTP.
const hostSide = orchestratorFor('host', here);
const host = new HostService({ name: 'seasonality-host', version: '1', orchestrator: hostSide.orchestrator });
const { url } = await host.listen(0);
const adapter = new SeasonalityAdapter({ config: hostServiceConfig({ baseUrl: url }) });

// The one line: `here`, or `adapter.measure`.
const results = [];
for (const work of [here, adapter.measure]) {
  const side = orchestratorFor(`client-${results.length}`, work);
  const { id, result } = side.orchestrator.start(measureSeasonality, { symbol: 'AAPL' });
  results.push(JSON.stringify(await result));
  console.log(side.operations.get(id).message);
  await side.close();
}
console.log('result:', results[0]);
console.log('the same on the host:', results[0] === results[1]);

await adapter[Symbol.asyncDispose]();
await host[Symbol.asyncDispose]();
await hostSide.close();
await bars[Symbol.asyncDispose]();
rmSync(home, { recursive: true });

function orchestratorFor(name, work) {
  const store = OperationStore.open(join(home, name));
  const operations = new OperationsService(store, systemClock);
  const orchestrator = new ServiceOrchestrator({ operations, clock: systemClock, log: silentLogger });
  orchestrator.register(measureSeasonality, work);
  // What a process that died left unfinished goes on, ends, or waits, as its contract says.
  orchestrator.recover();
  const close = async () => {
    await orchestrator[Symbol.asyncDispose]();
    store[Symbol.dispose]();
  };
  return { operations, orchestrator, close };
}

async function storeSomeDays(store, symbol) {
  const rows = [];
  for (let time = Date.UTC(2023, 0, 2); rows.length < 400; time += 86_400_000) {
    const weekday = new Date(time).getUTCDay();
    if (weekday === 0 || weekday === 6) continue;
    const close = 100 * 1.001 ** rows.length * (weekday === 1 ? 0.998 : 1);
    rows.push({ time, open: close, high: close, low: close, close, volume: 1_000 });
  }
  await store.append(
    { symbol, timeframe: '1d' },
    { calendar: 'us_equities', bars: barsFromRows(rows), confirmedEmpty: [] },
  );
}
