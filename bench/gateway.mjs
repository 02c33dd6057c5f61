// What an answer of a hundred thousand bars costs the simulated gateway: until its last byte has arrived, and how long
// the gateway keeps others waiting at a time. The client is a process of its own and only counts bytes.
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { startGatewaySimulator } from '../dist/ib/simulator/index.js';
import { startChild } from './support/children.mjs';
import { atMost, formats, report, row } from './support/report.mjs';
import { withResources } from './support/resources.mjs';
import { sized } from './support/smoke.mjs';

const reader = fileURLToPath(new URL('./support/history-reader.mjs', import.meta.url));
const now = Date.parse('2025-06-13T16:00:00Z');
const rounds = sized(10, 1);

await withResources(async ({ open }) => {
  const gateway = open(await startGatewaySimulator({ clock: { now: () => now }, enforcePacing: false }));
  const { child } = open(await startChild(reader, { args: [String(gateway.port)] }));
  const waits = [];
  const times = [];
  for (let round = 0; round <= rounds; round += 1) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    child.send('ask');
    const [ms] = await once(child, 'message');
    delay.disable();
    // The first one also pays for what is compiled and walked on first use.
    if (round === 0) continue;
    times.push(ms);
    waits.push(delay.max / 1e6);
  }
  const bars = gateway.counters.barsSent / (rounds + 1);
  report({
    title: `An answer of ${bars.toLocaleString('en-US')} bars of 1 minute by the simulated gateway`,
    rows: [
      row({ what: 'until the last byte has arrived', ours: times, format: formats.ms, limit: atMost(300) }),
      row({ what: 'longest time that others wait', ours: waits, format: formats.ms, limit: atMost(50) }),
    ],
  });
});
