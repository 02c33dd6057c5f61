// What reporting progress costs a loop that reports every batch, as a share of a batch: once as a training reports, in
// its part of the whole and with its context, and once with numbers alone.
import { ProgressReporter, systemClock } from '../dist/async/index.js';
import { atMost, formats, report, row } from './support/report.mjs';
import { interleaved, msOf } from './support/rounds.mjs';
import { batchMs, repeat } from './support/training-step.mjs';

const reports = 100_000;
const total = reports * 100;

/** Emits as a thread does, by a copy of the state. */
function reporterWith(context) {
  return new ProgressReporter({ clock: systemClock, context, emit: (state) => structuredClone(state) });
}

const numbers = reporterWith({});
const training = reporterWith({ modelType: 'mlp', symbols: ['AAPL'], timeframes: ['1h'], epochs: 100 });

const competitors = {
  numbers: () => msOf(() => repeat(reports, (done) => numbers.report({ done, total }))) / reports,
  training: () => msOf(() => repeat(reports, reportBatch)) / reports,
};

function reportBatch(done) {
  training.report({
    phase: 'training',
    done,
    total,
    fraction: 0.1 + (0.8 * done) / total,
    context: { epoch: 3, batch: done, batches: reports, trainLoss: 0.6, rowsPerSecond: 190_000 },
  });
}

const values = await interleaved(competitors, { rounds: 21, warmups: 4 });
const batch = batchMs();
const share = (ms) => ms / batch;
const limit = atMost(0.005);
report({
  title: 'Reporting progress every batch',
  rows: [
    row({ what: 'report(), numbers alone', ours: values.numbers, format: formats.ns }),
    row({ what: 'report(), with the context of a training', ours: values.training, format: formats.ns }),
    row({ what: 'share of a batch, numbers alone', ours: values.numbers.map(share), format: formats.percent, limit }),
    row({ what: 'share of a batch, as a training', ours: values.training.map(share), format: formats.percent, limit }),
  ],
  notes: [`A batch is 32 rows of 30 inputs through hidden layers of 64 and 32 units: ${formats.us(batch)}.`],
});
