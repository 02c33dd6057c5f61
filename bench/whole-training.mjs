// A whole training, to the validation loss that ours and PyTorch's ordinary loop both reach: the example strategy on
// 23 years of hours of SPY.
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CancellationToken } from '../dist/async/index.js';
import { readBarsFile } from '../dist/data/transfer/read-bars-file.js';
import { sliceBars } from '../dist/market/index.js';
import { initialWeights, wasmBackend } from '../dist/nn/index.js';
import { buildTrainingSet } from '../dist/samples/index.js';
import { chooseBackend } from '../dist/training/backends.js';
import { trainModel } from '../dist/training/index.js';
import { planOf } from '../dist/training/train-model.js';
import { trainOnBars } from '../dist/training/train-on-bars.js';
import { pythonPeer, withoutPython } from './support/python.mjs';
import { atLeast, formats, report, row } from './support/report.mjs';
import { withResources } from './support/resources.mjs';
import { interleaved } from './support/rounds.mjs';
import { runContext } from './support/run-context.mjs';
import { sized } from './support/smoke.mjs';
import { median } from './support/stats.mjs';

const title = 'A whole training on 23 years of SPY 1h';
const file = fileURLToPath(new URL('../../shared/data/SPY_1h_raw.csv', import.meta.url));
const strategy = readFileSync(new URL('../examples/strategies/momentum-mlp.yaml', import.meta.url), 'utf8');
const [rounds, warmups] = sized([7, 1], [1, 0]);
/** A training is luck as well as speed: each round has a seed of its own, for weights, order and dropout. */
const seeds = Array.from({ length: warmups + rounds }, (_, index) => 7 + index);

if (existsSync(file)) await withResources(measure);
else report({ title, rows: [], notes: ['Not measured: `../shared/data/SPY_1h_raw.csv` is absent.'] });

async function measure({ open, directory }) {
  const token = CancellationToken.none;
  const { bars: all } = await readBarsFile(file, { token, onProgress: () => {}, timeframe: '1h' });
  const bars = sized(all, sliceBars(all, 0, 2_000));
  const symbols = [{ symbol: 'SPY', calendar: 'us_equities', series: [{ timeframe: '1h', bars }] }];
  const given = await givenTo(directory, symbols);
  const peer = await pythonPeer('whole_training', given.setup);
  if (peer !== undefined) open(peer);
  if (peer !== undefined) expectTheSameStart(given.untrained, peer.ready.untrained);

  const curves = await interleaved(
    {
      ours: inTurn((seed) => train(seed, symbols)),
      ...(peer === undefined ? {} : { torch: inTurn(async (seed) => (await peer.run(String(seed))).result) }),
    },
    { rounds, warmups },
  );
  const best = (curve) => Math.min(...curve.map(({ loss }) => loss));
  if (peer !== undefined) expectTheSameEnd(curves.ours.map(best), curves.torch.map(best));
  const target = Math.max(...Object.values(curves).flat().map(best));
  const reached = (curve) => curve.findIndex(({ loss }) => loss <= target);
  const msTo = (goal) => (curve) => curve.find(({ loss }) => loss <= goal).ms;
  const epochMs = (curve) => median(curve.slice(1).map(({ ms }, index) => ms - curve[index].ms));
  const against = (ofCurve) => ({
    ours: curves.ours.map(ofCurve),
    ...(peer === undefined ? {} : { peer: curves.torch.map(ofCurve), limit: atLeast(3) }),
  });
  const epochs = (of) => of.map((curve) => reached(curve) + 1).join(', ');
  report({
    title,
    rows: [
      row({
        what: `until the validation loss is ${target.toFixed(4)}`,
        ...against(msTo(target)),
        format: formats.ms,
      }),
      row({ what: 'until it is within 1 % of that', ...against(msTo(target * 1.01)), format: formats.ms }),
      row({ what: 'an epoch, with its validation', ...against(epochMs), format: formats.ms }),
      row({
        what: 'until early stopping ends it',
        ...against((curve) => curve.at(-1).ms),
        format: formats.ms,
      }),
    ],
    notes: [
      `The example strategy \`momentum-mlp\`: ${given.shape}. Ours begins with the bars, and makes features and labels of them first; the peer is given ours, with the same parts and the same starting weights.`,
      peer === undefined
        ? withoutPython
        : `The loss is the lowest that every one of the trainings reached. Epochs to it, seed by seed: ours ${epochs(curves.ours)}; the peer ${epochs(curves.torch)}. ` +
          `Median of the lowest losses: ours ${median(curves.ours.map(best)).toFixed(4)}, the peer ${median(curves.torch.map(best)).toFixed(4)}. The peer: ${peer.ready.versions}, one thread.`,
    ],
  });
}

/** Trains with one seed after the other. */
function inTurn(act) {
  let round = 0;
  return () => {
    round += 1;
    return act(seeds[round - 1]);
  };
}

/** The validation loss after each epoch, and the milliseconds from the bars to it. */
async function train(seed, symbols) {
  const input = { strategy, symbols: ['SPY'], seed };
  const context = runContext(trainModel, input);
  const plan = planOf(input);
  const curve = [];
  const begun = performance.now();
  const progress = {
    report(update) {
      context.progress.report(update);
      const loss = update.context?.validationLoss;
      if (loss !== undefined) curve.push({ loss, ms: performance.now() - begun });
    },
  };
  await trainOnBars({ plan, symbols, backend: chooseBackend('auto', 'mlp') }, { ...context, progress });
  return curve;
}

/** What the peer is given, as files and settings; and our validation loss before the training, for each seed. */
async function givenTo(directory, symbols) {
  const plan = planOf({ strategy, symbols: ['SPY'] });
  const { model: settings, training } = plan.strategy;
  const { data, parts, classes } = buildTrainingSet(plan, symbols, CancellationToken.none);
  refuseUnknown({ settings, training, data });
  const { hiddenLayers, activation, dropout } = settings;
  const model = {
    kind: 'mlp',
    inputs: plan.features.length,
    hiddenLayers,
    outputs: classes.length,
    activation,
    dropout,
  };
  const { objective, optimizer } = training;
  const write = async (name, values) => {
    const path = join(directory, name);
    await writeFile(path, values);
    return path;
  };
  const weights = {};
  const untrained = [];
  for (const seed of seeds) {
    weights[seed] = await write(`weights-${seed}`, initialWeights(model, seed));
    const trainer = wasmBackend.create({ model, objective, optimizer, data, seed });
    untrained.push(trainer.evaluate(parts.validation).loss);
    trainer.dispose();
  }
  const setup = {
    model,
    training,
    weights,
    features: await write('features', data.features),
    targets: await write('targets', data.targets),
    train: await write('train', parts.train),
    validation: await write('validation', parts.validation),
  };
  const layers = [model.inputs, ...hiddenLayers, model.outputs].join('-');
  const shape = `${layers}, batch ${training.batchSize}, ${parts.train.length} rows to train on, ${parts.validation.length} to validate, at most ${training.epochs} epochs`;
  return { setup, untrained, shape };
}

/** The peer does what the example asks for today, and no more. */
function refuseUnknown({ settings, training, data }) {
  const { objective, optimizer, scheduler, earlyStopping } = training;
  const isKnown =
    settings.type === 'mlp' &&
    settings.activation === 'relu' &&
    objective.kind === 'cross_entropy' &&
    optimizer.type === 'adam' &&
    optimizer.gradientClip > 0 &&
    scheduler === undefined &&
    earlyStopping?.monitor === 'val_loss' &&
    data.weights === undefined;
  if (!isKnown)
    throw new Error('The example strategy has changed; teach bench/peers/whole_training.py to train like it.');
}

/** A bench that trains something else fast proves nothing: both begin with the same loss, and learn equally much. */
function expectTheSameStart(ours, theirs) {
  for (const [index, loss] of ours.entries()) {
    if (Math.abs(loss - theirs[index]) > 1e-4) {
      throw new Error(`Before the training the validation loss is ${loss} here and ${theirs[index]} with the peer.`);
    }
  }
}

function expectTheSameEnd(ours, theirs) {
  const [mine, other] = [median(ours), median(theirs)];
  if (Math.abs(mine / other - 1) > 0.01) {
    throw new Error(`The lowest validation loss is ${mine} here and ${other} with the peer, in the median.`);
  }
}
