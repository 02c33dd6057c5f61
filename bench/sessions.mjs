// A hundred trainings accepted at once by the API: all finish on the training host, all with the same weights, and the API
// answers as if there was nothing to do. The services are processes of their own, as they are in use.
import { availableParallelism } from 'node:os';
import { trainingStrategy } from '../dist/apps/cli/commands/bench-inputs.js';
import { CancellationToken, systemClock } from '../dist/async/index.js';
import { trainModel } from '../dist/training/index.js';
import { clientOf } from './support/hosts.mjs';
import { atLeast, atMost, formats, report, row } from './support/report.mjs';
import { startChild } from './support/children.mjs';
import { withResources } from './support/resources.mjs';
import { sized } from './support/smoke.mjs';
import { median, p99 } from './support/stats.mjs';
import { tokenOf } from './support/system.mjs';
import { storeTrainingBars } from './support/training.mjs';

const sessions = sized(100, 2);
const epochs = sized(20, 2);
const looksIdle = sized(300, 4);
const pauseMs = 10;

const { none: token } = CancellationToken;
const entry = new URL('./support/training-services.mjs', import.meta.url);

await withResources(async ({ open, directory }) => {
  await storeTrainingBars(directory);
  const trainingHost = open(await startChild(entry, { args: [directory] }));
  const api = open(await startChild(entry, { args: [directory, trainingHost.message] }));
  const client = open(clientOf(api.message, tokenOf(directory)));
  // A client of its own: the other's few connections are busy with a hundred starts.
  const asking = open(clientOf(api.message, tokenOf(directory)));
  const input = { strategy: trainingStrategy(epochs) };

  const idle = await answers((count) => count < looksIdle);
  const begunAt = performance.now();
  const ids = Array.from({ length: sessions }, (_, index) => `session-${index}`);
  const accepted = [];
  let busy = true;
  const looks = answers(() => busy);
  await Promise.all(
    ids.map(async (id) => {
      const askedAt = performance.now();
      await client.start({ type: trainModel.type, input, id }, token);
      accepted.push(performance.now() - askedAt);
    }),
  );
  await Promise.all(ids.map((id) => ended(id)));
  busy = false;
  const seconds = (performance.now() - begunAt) / 1_000;
  const during = await looks;
  const results = await Promise.all(ids.map((id) => client.result(trainModel, id, token).catch(() => undefined)));
  const finished = results.filter((result) => result !== undefined);
  const hashes = new Set(finished.map(({ weightsSha256 }) => weightsSha256));
  const rows = finished.reduce((sum, { rows: { train } }) => sum + train * epochs, 0);

  report({
    title: `${sessions} trainings accepted at once: API, training host, ${availableParallelism()} threads at a time`,
    rows: [
      row({ what: 'finished', ours: [finished.length], format: formats.number, limit: atLeast(sessions) }),
      row({ what: 'different weights', ours: [hashes.size], format: formats.number, limit: atMost(1) }),
      row({ what: 'accepted, each, p99', ours: accepted, format: formats.ms, by: p99 }),
      row({ what: 'the API answers meanwhile, p99', ours: during, format: formats.ms, by: p99, limit: atMost(50) }),
      row({ what: 'the API answers meanwhile', ours: during, format: formats.ms, by: median }),
      row({ what: 'the API answers with nothing to do, p99', ours: idle, format: formats.ms, by: p99 }),
      row({ what: 'trainings in an hour', ours: [(finished.length / seconds) * 3_600], format: formats.number }),
      row({ what: 'rows trained', ours: [rows / seconds], format: formats.perSecond }),
    ],
    notes: [
      `Each: ${epochs} epochs of 4,000 hour bars, a network of 4-64-32-3, batches of 32. Asked are, in turn, a list of 20 operations and the record of one, every ${pauseMs} ms; ${during.length} answers while the trainings ran.`,
    ],
  });

  async function answers(goesOn) {
    const times = [];
    const questions = [
      () => asking.list({ limit: 20 }, token),
      () => asking.get('session-0', token).catch(() => undefined),
    ];
    while (goesOn(times.length)) {
      const askedAt = performance.now();
      await questions[times.length % questions.length]();
      times.push(performance.now() - askedAt);
      await systemClock.sleep(pauseMs, token);
    }
    return times;
  }

  async function ended(id) {
    for await (const _ of client.follow(id, { token }));
  }
});
