// Steps of training of recurrent networks, forward through the sequence, back through it, and optimizer, on one thread:
// the kernel, beside the plain backend, beside PyTorch's ordinary loop over the same data from the same weights.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { plainBackend, wasmBackend } from '../dist/nn/index.js';
import { pythonPeer, withoutPython } from './support/python.mjs';
import { atLeast, formats, report, row } from './support/report.mjs';
import { withResources } from './support/resources.mjs';
import { interleaved, msOf } from './support/rounds.mjs';
import { samplesOf, stepsOf } from './support/training-step.mjs';

const shape = { inputs: 30, sequenceLength: 20, hiddenSize: 64, layers: 1, outputs: 3, dropout: 0 };
const models = [
  { kind: 'gru', ...shape },
  { kind: 'lstm', ...shape },
];
const batch = 256;
const steps = 12;
const learningRate = 0.001;

await withResources(async ({ open, directory }) => {
  const samples = samplesOf(shape);
  // Rows that end a sequence, a whole number of batches of them.
  const named = samples.order.filter((last) => last >= shape.sequenceLength - 1);
  const order = named.subarray(0, named.length - (named.length % batch));
  const peer = await pythonPeer('recurrent', await filesOf({ ...samples, order }, directory));
  if (peer !== undefined) open(peer);

  const rows = [];
  const losses = [];
  for (const model of models) {
    const { kind, inputs, sequenceLength, hiddenSize, outputs } = model;
    const what = `${kind.toUpperCase()}: ${sequenceLength} rows of ${inputs}-${hiddenSize}-${outputs}, batch ${batch}`;
    const lossOf = { ours: [], torch: [] };
    const ours = stepsOf(createTrainer(wasmBackend, model, samples), { batch, order }, steps);
    const plain = stepsOf(createTrainer(plainBackend, model, samples), { batch, order }, 1);
    const competitors = {
      ours: () => msOf(() => lossOf.ours.push(ours())) / steps,
      plain: () => msOf(plain),
      ...(peer === undefined ? {} : { torch: () => timeOf(peer, kind, lossOf.torch) }),
    };
    const values = await interleaved(competitors, { rounds: 11, warmups: 2 });
    if (peer !== undefined) losses.push(compared(what, lossOf));
    const beside = values.torch === undefined ? {} : { peer: values.torch, limit: atLeast(0.5) };
    rows.push(row({ what: `${what}, a step`, ours: values.ours, format: formats.ms, ...beside }));
    rows.push(
      row({ what: `${kind.toUpperCase()}: a step of the plain backend`, ours: values.plain, format: formats.ms }),
    );
  }
  report({
    title: 'Training steps of recurrent networks',
    rows,
    notes: [
      'Adam, softmax cross-entropy, float32; the sequences are gathered from the data within the step, and its loss read.',
      peer === undefined ? withoutPython : `The peer: ${peer.ready.versions}, one thread. ${losses.join(' ')}`,
    ],
  });
});

function createTrainer(backend, model, { features, targets }) {
  return backend.create({
    model,
    objective: { kind: 'cross_entropy' },
    optimizer: { type: 'adam', learningRate, weightDecay: 0, gradientClip: 0 },
    data: { features, targets },
    seed: 7,
  });
}

/** What the peer is given: the data, how it goes through it, and for each kind its starting weights. */
async function filesOf({ features, targets, order }, directory) {
  const write = async (name, values) => {
    const path = join(directory, name);
    await writeFile(path, values);
    return path;
  };
  const weights = {};
  for (const model of models) {
    const trainer = createTrainer(wasmBackend, model, { features, targets });
    weights[model.kind] = await write(`weights-${model.kind}`, trainer.exportWeights());
  }
  const data = {
    features: await write('features', features),
    targets: await write('targets', targets),
    order: await write('order', order),
  };
  return { ...shape, ...data, weights, batch, steps, learningRate };
}

async function timeOf(peer, kind, losses) {
  const { ms, result } = await peer.run(kind);
  losses.push(result);
  return ms / steps;
}

/** A bench that trains something else fast proves nothing: both begin with the same losses. */
function compared(what, { ours, torch }) {
  if (Math.abs(ours[0] - torch[0]) > 1e-3) {
    throw new Error(`${what}: our first losses are ${ours[0]} on average, those of the peer ${torch[0]}.`);
  }
  return `${what}: mean loss of the last round ${ours.at(-1).toFixed(4)}, of the peer ${torch.at(-1).toFixed(4)}.`;
}
