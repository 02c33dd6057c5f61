// An API process with three running loads and two running trainings is killed with SIGKILL and started again: the time
// until all five are owned again, ended or running in a further attempt, as clients of the new process see them.
import { fileURLToPath } from 'node:url';
import { CancellationToken, systemClock } from '../dist/async/index.js';
import { newOperationId } from '../dist/base/index.js';
import { loadBars } from '../dist/data/index.js';
import { startGatewaySimulator } from '../dist/ib/index.js';
import { trainModel } from '../dist/training/index.js';
import { startChild } from './support/children.mjs';
import { clientOf } from './support/hosts.mjs';
import { atMost, formats, report, row } from './support/report.mjs';
import { withResources } from './support/resources.mjs';
import { sized } from './support/smoke.mjs';
import { tokenOf } from './support/system.mjs';
import { storeTrainingBars, strategy } from './support/training.mjs';

const main = fileURLToPath(new URL('../dist/program/main.js', import.meta.url));
const end = Date.UTC(2024, 5, 1);
const load = (symbol) => ({ symbol, timeframe: '1h', mode: 'full', start: end - 365 * 86_400_000, end });
const works = [
  ...['MSFT', 'GOOG', 'AMZN'].map((symbol) => ({ type: loadBars.type, input: load(symbol) })),
  ...[1, 2].map((seed) => ({ type: trainModel.type, input: { strategy, seed } })),
];
const token = CancellationToken.none;
const unfinished = ['pending', 'running', 'cancelling'];
const rounds = sized(5, 1);

await withResources(async ({ open, directory }) => {
  await storeTrainingBars(directory);
  // So slow that no load ends by itself.
  const gateway = open(await startGatewaySimulator({ latencyMs: 60_000 }));
  const env = {
    ...process.env,
    KTRDR_HOME: directory,
    IB_HOST: '127.0.0.1',
    IB_PORT: String(gateway.port),
    KTRDR_LOG_LEVEL: 'silent',
  };
  const startApi = () => startChild(main, { args: ['up', '--port', '0'], env });
  const times = [];
  let api = await startApi();
  for (let round = 0; round < rounds; round += 1) {
    const ids = await withClient(api, directory, startWorks);
    const killedAt = performance.now();
    await api.kill('SIGKILL');
    api = await startApi();
    await withClient(api, directory, async (client) => {
      for (const id of ids) await owned(client, id);
      times.push(performance.now() - killedAt);
      for (const id of ids) await client.cancel({ id }, token);
    });
  }
  await api[Symbol.asyncDispose]();
  report({
    title: 'An API killed with five running operations',
    rows: [
      row({
        what: 'from SIGKILL to all records owned again',
        ours: times,
        format: formats.seconds,
        by: (list) => Math.max(...list),
        limit: atMost(3_000),
      }),
    ],
    notes: [`The slowest of ${rounds} rounds; the start of the new process is in it.`],
  });
});

async function startWorks(client) {
  const ids = [];
  for (const work of works) {
    const id = newOperationId(work.type, systemClock.now());
    await client.start({ ...work, id }, token);
    ids.push(id);
  }
  for (const id of ids) {
    for await (const { status } of client.follow(id, { token })) if (status === 'running') break;
  }
  return ids;
}

/** The record has ended, or a further attempt is running. */
async function owned(client, id) {
  for (;;) {
    const { status, attempt } = await client.get(id, token);
    if (!unfinished.includes(status) || (status === 'running' && attempt > 1)) return;
    await systemClock.sleep(5, token);
  }
}

async function withClient(api, home, act) {
  const client = clientOf(api.message.url, tokenOf(home));
  try {
    return await act(client);
  } finally {
    await client[Symbol.asyncDispose]();
  }
}
