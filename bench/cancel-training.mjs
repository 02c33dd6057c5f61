// From a cancel at the command line's client to the standstill of a real training, at random epochs: client, API,
// training host and its thread.
import { CancellationToken } from '../dist/async/index.js';
import { createRandom } from '../dist/nn/index.js';
import { trainModel } from '../dist/training/index.js';
import { cancelledRun, within } from './support/cancelled-run.mjs';
import { atMost, formats, report, row } from './support/report.mjs';
import { withResources } from './support/resources.mjs';
import { sized } from './support/smoke.mjs';
import { p99 } from './support/stats.mjs';
import { startSystem } from './support/system.mjs';
import { storeTrainingBars, strategy } from './support/training.mjs';

const runs = sized(50, 2);
const lastEpoch = sized(25, 3);

await withResources(async ({ open, directory }) => {
  await storeTrainingBars(directory);
  const { client, trainingHost } = await startSystem({ home: directory, open });
  const generator = createRandom(20_261_120);
  const random = () => generator.float();
  const find = (id) => trainingHost.get(id, CancellationToken.none).catch(() => undefined);

  const outcomes = [];
  const epochs = [];
  for (let run = 0; run < runs; run += 1) {
    const wanted = 1 + Math.floor(lastEpoch * random());
    const moment = async (seen) => {
      await seen(({ context }) => {
        epochs[run] = context.epoch;
        return context.epoch >= wanted;
      });
      await within(20, random);
    };
    outcomes.push(await cancelledRun({ client, contract: trainModel, input: { strategy }, moment, find }));
  }

  const cancelled = outcomes.filter(({ how }) => how === 'cancelled');
  const line = (what, key, limit) =>
    row({ what: `${what}, p99`, ours: cancelled.map((outcome) => outcome[key]), format: formats.ms, by: p99, limit });
  report({
    title: `${runs} cancels of a real training: client, API, training host, thread`,
    rows: [
      line('acknowledged by the training host', 'acknowledged', atMost(50)),
      line('stopped, and the client knows', 'stopped', atMost(250)),
    ],
    notes: [
      `Cancelled in the epochs ${Math.min(...epochs)} to ${Math.max(...epochs)} of 100,000; ${cancelled.length} of ${runs} ended as cancelled. With ${runs} runs the 99th percentile is the slowest run.`,
    ],
  });
});
