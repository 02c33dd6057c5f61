// What it costs a training to report its progress, as a share of a batch: before each batch it looks at the clock, and it
// reports, with its context, when 5 ms have gone by; and what one report costs.
import { ProgressReporter, systemClock } from '../dist/async/index.js';
import { atMost, formats, report, row } from './support/report.mjs';
import { interleaved, msOf } from './support/rounds.mjs';
import { sized } from './support/smoke.mjs';
import { batchMs, repeat } from './support/training-step.mjs';

const reports = sized(100_000, 1_000);
/** As in src/training/training-run.ts. */
const reportEveryMs = 5;
const total = reports * 100;

/** Emits as a thread does, by a copy of the state. */
function reporterWith(context) {
  return new ProgressReporter({ clock: systemClock, context, emit: (state) => structuredClone(state) });
}

const numbers = reporterWith({});
const training = reporterWith({ modelType: 'mlp', symbols: ['AAPL'], timeframes: ['1h'], epochs: 100 });

const looks = 1_000_000;
let late = 0;

const competitors = {
  look: () => msOf(() => repeat(looks, (at) => (late += Number(systemClock.elapsed() < at - looks)))) / looks,
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
const shares = values.training.map((ms, round) => values.look[round] / batch + ms / reportEveryMs);
report({
  title: 'Reporting progress every batch',
  rows: [
    row({ what: 'a look at the clock', ours: values.look, format: formats.ns }),
    row({ what: 'report(), numbers alone', ours: values.numbers, format: formats.ns }),
    row({ what: 'report(), with the context of a training', ours: values.training, format: formats.ns }),
    row({ what: 'share of a batch, as a training', ours: shares, format: formats.percent, limit: atMost(0.005) }),
  ],
  notes: [
    `A batch is 32 rows of 30 inputs through hidden layers of 64 and 32 units: ${formats.us(batch)}.`,
    `A training looks at the clock every batch and reports every ${reportEveryMs} ms.`,
  ],
});
process.exit();
