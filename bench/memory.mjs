// What a service holds after 10,000 finished operations while 100 streams are open all the time: as much as before
// them. Service and clients share one process, so that neither may leak.
import { join } from 'node:path';
import { z } from 'zod';
import { CancellationSource, CancellationToken, systemClock } from '../dist/async/index.js';
import { newOperationId } from '../dist/base/index.js';
import { memoryHeld } from './support/gc.mjs';
import { clientOf, startHost } from './support/hosts.mjs';
import { atMost, formats, report, row } from './support/report.mjs';
import { withResources } from './support/resources.mjs';
import { msEach } from './support/rounds.mjs';
import { sized } from './support/smoke.mjs';

const token = CancellationToken.none;
const streams = sized(100, 3);
const finished = sized(10_000, 20);
const warmUp = sized(5_000, 20);

const work = {
  type: 'copy_name',
  input: z.strictObject({ name: z.string() }),
  context: z.object({}),
  result: z.object({ name: z.string() }),
  begin: () => ({}),
  render: ({ done, total }) => `Copying [${done}/${total}]`,
};
const standing = { ...work, type: 'stand', render: ({ done }) => `Standing [${done}]` };

await withResources(async ({ open, directory }) => {
  const host = open(
    await startHost({
      directory: join(directory, 'host'),
      prepare: (orchestrator) =>
        orchestrator
          .register(work, async (input, { progress }) => {
            for (let done = 1; done <= 10; done += 1) progress.report({ done, total: 10 });
            return input;
          })
          .register(standing, async (input, { token: stop, progress }) => {
            for (let done = 1; ; done += 1) {
              progress.report({ done });
              await systemClock.sleep(100, stop);
            }
          }),
    }),
  );
  const client = open(clientOf(host.url));
  const source = open(new CancellationSource());

  const followed = newOperationId(standing.type, systemClock.now());
  await client.start({ type: standing.type, id: followed, input: { name: 'bench' } }, token);
  let seen = 0;
  const following = Array.from({ length: streams }, async () => {
    for await (const { version } of client.follow(followed, { token: source.token })) if (version > 0) seen += 1;
  });
  const ended = Promise.allSettled(following);

  let next = 0;
  const runOne = async () => {
    next += 1;
    const id = `op_${next}`;
    await client.start({ type: work.type, id, input: { name: `bench ${next}` } }, token);
    if (next % 10 === 0) for await (const { status } of client.follow(id, { token })) if (status === 'completed') break;
  };
  await msEach(warmUp, runOne, 10);
  const before = await memoryHeld();
  await msEach(finished, runOne, 10);
  const after = await memoryHeld();
  const { total } = await client.list({ status: ['completed'], limit: 1 }, token);
  source.cancel();
  await ended;

  const growth = (what, key) => [
    row({ what: `${what} before`, ours: [before[key]], format: formats.mebibytes }),
    row({ what: `${what} after`, ours: [after[key]], format: formats.mebibytes }),
    row({
      what: `growth of the ${what}`,
      ours: [after[key] / before[key] - 1],
      format: formats.percent,
      limit: atMost(0.05),
    }),
  ];
  report({
    title: `Memory over ${finished.toLocaleString('en-US')} operations with ${streams} open streams`,
    rows: [...growth('heap', 'heap'), ...growth('resident set', 'rss')],
    notes: [
      `After ${warmUp.toLocaleString('en-US')} operations to warm up; ${total.toLocaleString('en-US')} are on record at the end, and the streams carried ${seen.toLocaleString('en-US')} states. The heap counts what lies outside of it for its objects too. Garbage is collected before each look.`,
    ],
  });
});
