// Steps of training: forward, backward and optimizer, in plain loops on one thread.
import { formats, report, row } from './support/report.mjs';
import { interleaved, msOf } from './support/rounds.mjs';
import { cases, repeat, trainingStep } from './support/training-step.mjs';

const steps = { A: 1_000, B: 100, C: 8 };
const entries = Object.entries(cases).map(([name, size]) => {
  const step = trainingStep(size);
  return [name, () => msOf(() => repeat(steps[name], step)) / steps[name]];
});
const values = await interleaved(Object.fromEntries(entries), { rounds: 15, warmups: 3 });
report({
  title: 'Training steps of the plain backend',
  rows: Object.entries(cases).flatMap(([name, { inputs, hiddenLayers, batch }]) => {
    const what = `${name}: ${inputs} inputs, hidden [${hiddenLayers.join(', ')}], batch ${batch}`;
    const rates = values[name].map((ms) => (batch * 1_000) / ms);
    return [
      row({ what: `${what}, a step`, ours: values[name], format: formats.us }),
      row({ what: `${name}: rows trained`, ours: rates, format: formats.perSecond }),
    ];
  }),
});
