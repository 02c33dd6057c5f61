// What it costs a loop to look whether it was cancelled: nanoseconds a look, and its share of a training that looks
// before every batch. The share is a quotient of unit costs; the difference of two whole loops drowns in noise.
import { CancellationSource, CancellationToken } from '../dist/async/index.js';
import { atMost, formats, report, row } from './support/report.mjs';
import { interleaved, msOf } from './support/rounds.mjs';
import { batchMs } from './support/training-step.mjs';

const looks = 2_000_000;
const { token } = new CancellationSource();
const inThread = CancellationToken.fromShared(new Int32Array(new SharedArrayBuffer(4)));

// One loop for each kind of look, so that none pays for what another has taught the compiler.
const loops = {
  isCancelled() {
    let cancelled = 0;
    for (let index = 0; index < looks; index += 1) if (token.isCancelled) cancelled += 1;
    return cancelled;
  },
  throwIfCancelled() {
    for (let index = 0; index < looks; index += 1) token.throwIfCancelled('the bench');
  },
  inThread() {
    for (let index = 0; index < looks; index += 1) inThread.throwIfCancelled('the bench');
  },
  nothing() {
    let count = 0;
    for (let index = 0; index < looks; index += 1) if (index % 7 === 8) count += 1;
    return count;
  },
};

const timed = Object.entries(loops).map(([name, loop]) => [name, () => msOf(loop) / looks]);
const values = await interleaved(Object.fromEntries(timed), { rounds: 25, warmups: 5 });
const batch = batchMs();
const shares = values.throwIfCancelled.map((ms) => ms / batch);
const limit = atMost(20e-6);
report({
  title: 'Looking at a cancellation token',
  rows: [
    row({ what: 'token.isCancelled', ours: values.isCancelled, format: formats.ns, limit }),
    row({ what: 'token.throwIfCancelled()', ours: values.throwIfCancelled, format: formats.ns, limit }),
    row({ what: 'the same on a token from another thread', ours: values.inThread, format: formats.ns, limit }),
    row({ what: 'the loop with nothing in it', ours: values.nothing, format: formats.ns }),
    row({ what: 'share of a batch, one look each', ours: shares, format: formats.percent, limit: atMost(0.001) }),
  ],
  notes: [`A batch is 32 rows of 30 inputs through hidden layers of 64 and 32 units: ${formats.us(batch)}.`],
});
process.exit();
