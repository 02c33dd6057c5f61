// Steps of training, forward, backward and optimizer, on one thread: the kernel, beside the plain backend, beside PyTorch's
// ordinary loop over the same data from the same weights.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pythonPeer, withoutPython } from './support/python.mjs';
import { atLeast, formats, report, row } from './support/report.mjs';
import { withResources } from './support/resources.mjs';
import { interleaved, msOf } from './support/rounds.mjs';
import { cases, createTrainer, samplesOf, stepsOf, withoutNative } from './support/training-step.mjs';

const steps = { A: 400, B: 80, C: 16 };
const plainSteps = { A: 40, B: 8, C: 1 };
const limits = { A: atLeast(8), B: atLeast(1.7), C: atLeast(0.75) };
const nativeLimits = { C: atLeast(1.5), 'C dropout': atLeast(1.5) };
const shares = [0, 0.2];

await withResources(async ({ open, directory }) => {
  const runs = Object.entries(cases).flatMap(([name, size]) =>
    shares.map((dropout) => ({ name, key: dropout === 0 ? name : `${name} dropout`, size, dropout })),
  );
  const peer = await pythonPeer('kernel', await filesOf(runs, directory));
  if (peer !== undefined) open(peer);

  const rows = [];
  const losses = [];
  for (const { name, key, size, dropout } of runs) {
    const what = `${name}: ${[size.inputs, ...size.hiddenLayers, 3].join('-')}, batch ${size.batch}${dropout > 0 ? `, dropout ${dropout}` : ''}`;
    const lossOf = { ours: [], torch: [] };
    const ours = stepsOf(createTrainer({ ...size, dropout }), size, steps[name]);
    const plain = stepsOf(createTrainer({ ...size, dropout, backend: 'plain' }), size, plainSteps[name]);
    const nativeTrainer = createTrainer({ ...size, dropout, backend: 'native' });
    const native = nativeTrainer && stepsOf(nativeTrainer, size, steps[name]);
    const competitors = {
      ours: () => msOf(() => lossOf.ours.push(ours())) / steps[name],
      plain: () => msOf(plain) / plainSteps[name],
      ...(native === undefined ? {} : { native: () => msOf(native) / steps[name] }),
      ...(peer === undefined ? {} : { torch: () => timeOf(peer, { key, count: steps[name], losses: lossOf.torch }) }),
    };
    const values = await interleaved(competitors, { rounds: 11, warmups: 3 });
    if (peer !== undefined) losses.push(compared(what, lossOf, dropout));
    const beside = values.torch === undefined ? {} : { peer: values.torch };
    const limit = values.torch === undefined ? {} : { limit: limits[name] };
    rows.push(row({ what: `${what}, a step`, ours: values.ours, format: formats.us, ...beside, ...limit }));
    const rates = values.ours.map((ms) => (size.batch * 1_000) / ms);
    rows.push(row({ what: `${name}: rows trained`, ours: rates, format: formats.perSecond }));
    if (values.native !== undefined) {
      const nativeLimit = values.torch === undefined ? {} : { limit: nativeLimits[key] };
      const what = `${name}: a step of the native backend`;
      rows.push(row({ what, ours: values.native, format: formats.us, ...beside, ...nativeLimit }));
    }
    rows.push(row({ what: `${name}: a step of the plain backend`, ours: values.plain, format: formats.us }));
  }
  report({
    title: 'Training steps',
    rows,
    notes: [
      'Adam, ReLU, softmax cross-entropy, float32; the batch is gathered from the data within the step, and its loss read.',
      ...(createTrainer({ ...cases.A, backend: 'native' }) === undefined ? [withoutNative] : []),
      peer === undefined ? withoutPython : `The peer: ${peer.ready.versions}, one thread. ${losses.join(' ')}`,
    ],
  });
});

/** What the peer is given: for each case the data, the starting weights, and how it goes through them. */
async function filesOf(runs, directory) {
  const files = {};
  for (const { key, size, dropout } of runs) {
    const { features, targets, order } = samplesOf(size);
    const trainer = createTrainer({ ...size, dropout });
    const columns = { features, targets, order, weights: trainer.exportWeights() };
    const paths = {};
    for (const [column, values] of Object.entries(columns)) {
      paths[column] = join(directory, `${key}-${column}`);
      await writeFile(paths[column], values);
    }
    files[key] = { ...size, dropout, outputs: 3, learningRate: 0.001, steps: steps[key[0]], ...paths };
  }
  return files;
}

async function timeOf(peer, { key, count, losses }) {
  const { ms, result } = await peer.run(key);
  losses.push(result);
  return ms / count;
}

/** A bench that trains something else fast proves nothing: without dropout both begin with the same losses. */
function compared(what, { ours, torch }, dropout) {
  if (dropout === 0 && Math.abs(ours[0] - torch[0]) > 1e-3) {
    throw new Error(`${what}: our first losses are ${ours[0]} on average, those of the peer ${torch[0]}.`);
  }
  return `${what}: mean loss of the last round ${ours.at(-1).toFixed(4)}, of the peer ${torch.at(-1).toFixed(4)}.`;
}
