// From a cancel at the command line's client to the standstill, 1,000 times: client, API, host and thread, over real
// sockets, at every moment in the life of an operation. The work is a loop in a thread that never yields.
import { join } from 'node:path';
import { inWorker } from '../dist/async/index.js';
import { createRandom } from '../dist/nn/index.js';
import { cancelledRun, within } from './support/cancelled-run.mjs';
import { clientOf, startHost } from './support/hosts.mjs';
import { loopWork } from './support/loop-work.mjs';
import { atMost, formats, report, row } from './support/report.mjs';
import { withResources } from './support/resources.mjs';
import { sized } from './support/smoke.mjs';
import { p99 } from './support/stats.mjs';

const thread = new URL('./support/loop-thread.mjs', import.meta.url);
const generator = createRandom(20_261_120);
const random = () => generator.float();
const endless = { rounds: 1_000_000 };

// As many of each as come up by chance, in an order that is the same in every run.
const phases = {
  'at once': { input: endless, moment: async () => {} },
  'on its way to the host': { input: endless, moment: () => within(12, random) },
  'while the thread starts': { input: endless, moment: (seen) => Promise.race([seen(hasBegun), within(60, random)]) },
  'while it runs': { input: endless, moment: (seen) => seen(hasBegun).then(() => within(10, random)) },
  'about to end': { input: { rounds: 60 }, moment: (seen) => seen(hasBegun).then(() => within(30, random)) },
};
const runs = sized(1_000, 10);
const lanes = 2;

await withResources(async ({ open, directory }) => {
  const host = open(
    await startHost({
      directory: join(directory, 'host'),
      prepare: (orchestrator) => orchestrator.register(loopWork, inWorker(thread, loopWork.begin)),
    }),
  );
  const toHost = open(clientOf(host.url));
  const api = open(
    await startHost({
      directory: join(directory, 'api'),
      prepare: (orchestrator) =>
        orchestrator.register(loopWork, (input, context) => toHost.run(loopWork, input, context)),
    }),
  );
  const client = open(clientOf(api.url));
  const find = async (id) => host.operations.find(id);

  const outcomes = Object.fromEntries(Object.keys(phases).map((name) => [name, []]));
  let left = runs;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      const names = Object.keys(phases);
      const name = names[left % names.length];
      outcomes[name].push(await cancelledRun({ client, contract: loopWork, find, ...phases[name] }));
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));

  const all = Object.values(outcomes).flat();
  const times = (list, key) => list.map((outcome) => outcome[key]).filter((ms) => ms !== undefined);
  const line = (what, ours, limit) => row({ what: `${what}, p99`, ours, format: formats.ms, by: p99, limit });
  report({
    title: `${runs.toLocaleString('en-US')} cancels: client, API, host, thread`,
    rows: [
      line('acknowledged where the work runs', times(all, 'acknowledged'), atMost(50)),
      line('stopped, and the client knows', times(all, 'stopped'), atMost(250)),
      ...Object.entries(outcomes).map(([name, list]) =>
        line(`stopped when cancelled ${name}`, times(list, 'stopped'), atMost(250)),
      ),
    ],
    notes: [
      `${all.filter(({ how }) => how === 'cancelled').length} ended as cancelled, ${all.filter(({ how }) => how === 'completed').length} had completed before the cancel came. ${lanes} at a time.`,
    ],
  });
});

/** The thread has reported. */
function hasBegun({ total }) {
  return total > 0;
}
