// From bars to features: the indicators of a strategy and its degrees of membership over a million bars, against pandas.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { walkedBars } from '../dist/apps/cli/commands/bench-inputs.js';
import { CancellationToken } from '../dist/async/index.js';
import { findIndicator, indicatorCatalogue } from '../dist/indicators/index.js';
import { symbolFeatures } from '../dist/samples/features.js';
import { parseStrategy, resolvePlan } from '../dist/strategies/index.js';
import { pythonPeer, withoutPython } from './support/python.mjs';
import { atLeast, formats, report, row } from './support/report.mjs';
import { withResources } from './support/resources.mjs';
import { interleaved, msOf } from './support/rounds.mjs';
import { sized } from './support/smoke.mjs';

/** The peer computes the same: `peers/features.py`. */
const strategy = `
name: features-bench
version: '3.0'
training_data:
  symbols: { mode: single, symbol: SPY }
  timeframes: { mode: single, timeframe: 1m }
indicators:
  rsi: { type: rsi, period: 14 }
  macd: { type: macd, fast: 12, slow: 26, signal: 9 }
  width: { type: bollingerbandwidth, period: 20 }
  atr: { type: atr, period: 14 }
  stochastic: { type: stochastic, k: 14, d: 3, smooth_k: 3 }
fuzzy_sets:
  rsi:
    indicator: rsi
    low: { type: trapezoidal, parameters: [0, 0, 25, 40] }
    middle: [30, 50, 70]
    high: { type: trapezoidal, parameters: [60, 75, 100, 100] }
  k:
    indicator: stochastic.k
    low: { type: trapezoidal, parameters: [0, 0, 10, 30] }
    middle: [20, 50, 80]
    high: { type: trapezoidal, parameters: [70, 90, 100, 100] }
  d:
    indicator: stochastic.d
    low: { type: trapezoidal, parameters: [0, 0, 10, 30] }
    high: { type: trapezoidal, parameters: [70, 90, 100, 100] }
  width:
    indicator: width
    calm: { type: trapezoidal, parameters: [0, 0, 0.01, 0.03] }
    wild: { type: trapezoidal, parameters: [0.02, 0.05, 1, 1] }
  macd:
    indicator: macd.histogram
    falling: [-1, -0.5, 0]
    flat: { type: gaussian, parameters: [0, 0.2] }
    rising: { type: sigmoid, parameters: [0.2, 10] }
nn_inputs:
  - { fuzzy_set: rsi, timeframes: all }
  - { fuzzy_set: k, timeframes: all }
  - { fuzzy_set: d, timeframes: all }
  - { fuzzy_set: width, timeframes: all }
  - { fuzzy_set: macd, timeframes: all }
  - { raw_indicator: macd.histogram, timeframes: all }
  - { raw_indicator: atr, timeframes: all }
model:
  type: mlp
  architecture: { hidden_layers: [8] }
training:
  labels: { source: zigzag, zigzag_threshold: 0.02 }
  epochs: 1
`;

const count = sized(1_000_000, 3_000);

await withResources(async ({ open, directory }) => {
  const bars = walkedBars({ calendar: 'us_equities', timeframe: '1m', start: Date.UTC(2010, 0, 1), count });
  const plan = resolvePlan(parseStrategy(strategy, 'features.yaml'));
  const held = { symbol: 'SPY', calendar: 'us_equities', series: [{ timeframe: '1m', bars }] };
  const features = () => symbolFeatures(plan, held, CancellationToken.none);
  const used = plan.indicators.map(({ type, parameters }) => findIndicator(type).configure(parameters));

  const pandas = await pythonPeer('features', writeColumns(bars, directory));
  if (pandas !== undefined) open(pandas);
  if (pandas !== undefined) expectTheSame(await pandas.run('features'), { plan, features: features() });

  const values = await interleaved({
    ours: () => msOf(features),
    indicators: () => msOf(() => used.map((indicator) => indicator.compute(bars))),
    ...(pandas === undefined
      ? {}
      : {
          pandas: async () => (await pandas.run('features')).ms,
          pandasIndicators: async () => (await pandas.run('indicators')).ms,
        }),
  });
  const every = indicatorCatalogue().map(({ id }) => ({ id, indicator: findIndicator(id).configure() }));
  const each = await interleaved(
    Object.fromEntries(every.map(({ id, indicator }) => [id, () => msOf(() => indicator.compute(bars))])),
    { rounds: 5 },
  );
  const format = formats.ms;
  const against = (peer) => (peer === undefined ? {} : { peer, limit: atLeast(2) });
  report({
    title: `From ${count.toLocaleString('en-US')} bars to features`,
    rows: [
      row({
        what: 'five indicators, 13 degrees of membership, 15 columns of complete rows; pandas',
        ours: values.ours,
        format,
        ...against(values.pandas),
      }),
      row({
        what: 'the five indicators alone; pandas',
        ours: values.indicators,
        format,
        ...against(values.pandasIndicators),
      }),
      ...every.map(({ id }) => row({ what: `${id}, defaults`, ours: each[id], format })),
    ],
    notes: [
      pandas === undefined ? withoutPython : `The peer: ${pandas.ready.versions}. Both sides gave the same rows.`,
    ],
  });
});

function writeColumns(bars, directory) {
  const names = ['open', 'high', 'low', 'close', 'volume'];
  return Object.fromEntries(
    names.map((name) => {
      const path = join(directory, `${name}.f64`);
      writeFileSync(path, bars[name]);
      return [name, path];
    }),
  );
}

/** Fast and wrong proves nothing. The two begin their averages in different ways, which a million rows hardly feel. */
function expectTheSame({ result }, { plan, features }) {
  const width = plan.features.length;
  const rows = features.values.length / width;
  if (result.rows !== rows || result.columns !== width) {
    throw new Error(`pandas has ${result.rows} rows of ${result.columns}, we have ${rows} of ${width}.`);
  }
  for (const [column, { id }] of plan.features.entries()) {
    let sum = 0;
    for (let at = column; at < features.values.length; at += width) sum += features.values[at];
    const apart = Math.abs(sum / rows - result.means[column]);
    if (!(apart < 1e-4))
      throw new Error(`The mean of ${id} is ${sum / rows} here and ${result.means[column]} with pandas.`);
  }
}
