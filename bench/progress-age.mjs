// How old progress is when it reaches those who watch it: from the report in the work to its arrival over a stream of
// events, at 50 reports a second, with few watchers and many. The host is a process of its own.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CancellationToken, systemClock } from '../dist/async/index.js';
import { newOperationId } from '../dist/base/index.js';
import { startChild } from './support/children.mjs';
import { clientOf } from './support/hosts.mjs';
import { atMost, formats, report, row } from './support/report.mjs';
import { withResources } from './support/resources.mjs';
import { sized } from './support/smoke.mjs';
import { median, p99 } from './support/stats.mjs';
import { ticking, wallClock } from './support/ticking.mjs';

const tickingHost = fileURLToPath(new URL('./support/ticking-host.mjs', import.meta.url));
const token = CancellationToken.none;
const perSecond = 50;
const seconds = sized(6, 1);
/** The first reports warm the stream up. */
const warmUp = sized(perSecond, 5);
const counted = (operation) => operation.progress.done > warmUp && operation.progress.context.reportedAt > 0;

await withResources(async ({ open, directory }) => {
  const { message: url } = open(await startChild(tickingHost, { args: [join(directory, 'host')] }));
  const client = open(clientOf(url));
  const rows = [];
  const notes = [];
  await watched(client, sized(10, 1));
  for (const watchers of sized([1, 10, 100], [1])) {
    const { ages, states } = await watched(client, watchers);
    const who = watchers === 1 ? '1 watcher' : `${watchers} watchers`;
    rows.push(
      row({ what: `${who}, p99`, ours: ages, format: formats.ms, by: p99, limit: atMost(10) }),
      row({ what: `${who}, median`, ours: ages, format: formats.ms, by: median }),
    );
    notes.push(
      `With ${who}, each saw ${(states / watchers / (seconds - warmUp / perSecond)).toFixed(1)} states a second.`,
    );
  }
  report({ title: `Age of progress at its watchers, ${perSecond} reports a second`, rows, notes });
});

async function watched(client, watchers) {
  const id = newOperationId(ticking.type, systemClock.now());
  await client.start({ type: ticking.type, id, input: { perSecond, seconds } }, token);
  const ages = [];
  await Promise.all(
    Array.from({ length: watchers }, async () => {
      let last = 0;
      for await (const operation of client.follow(id, { token })) {
        const arrived = wallClock();
        const { reportedAt } = operation.progress.context;
        if (!counted(operation) || reportedAt === last) continue;
        last = reportedAt;
        ages.push(arrived - reportedAt);
      }
    }),
  );
  return { ages, states: ages.length };
}
