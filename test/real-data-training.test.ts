import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancellationToken, noCheckpoint, ProgressReporter, systemClock } from '../src/async/index.ts';
import { silentLogger } from '../src/base/index.ts';
import { hasMarketData, readMarketData } from '../src/data/market-data.fixture.ts';
import type { Bars, Timeframe } from '../src/market/index.ts';
import { areClassMetrics, ModelStore, type ClassMetrics, type PartMetrics } from '../src/models/index.ts';
import { noChildren, type OperationContext } from '../src/operations/index.ts';
import { chooseBackend } from '../src/training/backends.ts';
import { localTrainer, type BarSource, type TrainModelContext, type TrainModelInput } from '../src/training/index.ts';
import { readBars } from '../src/training/read-bars.ts';
import { planOf, trainModel } from '../src/training/train-model.ts';
import { trainOnBars } from '../src/training/train-on-bars.ts';
import { temporaryDirectory, type TemporaryDirectory } from './support/ktrdr-process.ts';

const { none: token } = CancellationToken;

function example(name: string): string {
  return readFileSync(new URL(`../examples/strategies/${name}.yaml`, import.meta.url), 'utf8');
}

/** The example with another target: the return of the next ten hours. */
function forecast(text: string): string {
  return text
    .replace('name: momentum-mlp', 'name: momentum-return')
    .replace('output_format: classification', 'output_format: regression')
    .replace(/source: zigzag.*\n.*zigzag_threshold.*\n/, 'source: forward_return\n    horizon: 10\n')
    .replace('loss: cross_entropy', 'loss: huber\n  huber_delta: 0.01')
    .replace('min_delta: 0.0005', 'min_delta: 0');
}

const strategies = {
  zigzag: example('momentum-mlp'),
  triple_barrier: example('barriers-mlp'),
  forward_return: forecast(example('momentum-mlp')),
};

describe.skipIf(!hasMarketData)(
  'training on 23 years of SPY (skipped where ../shared/data is absent)',
  { timeout: 60_000 },
  () => {
    const held = new Map<Timeframe, Bars>();
    const bars: BarSource = {
      read: async ({ timeframe }) => held.get(timeframe) ?? Promise.reject(new Error(`no bars of ${timeframe}`)),
      calendarOf: async () => 'us_equities',
    };
    let home: TemporaryDirectory;
    let models: ModelStore;

    beforeAll(async () => {
      held.set('1h', await readMarketData('SPY_1h_raw.csv'));
      held.set('1d', await readMarketData('SPY_1d_raw.csv'));
      home = await temporaryDirectory();
      models = await ModelStore.open(home.path);
    });

    afterAll(() => home[Symbol.asyncDispose]());

    /** Twice in a thread, and once without one. */
    async function train(name: keyof typeof strategies) {
      const input: TrainModelInput = { strategy: strategies[name], strategyName: `${name}.yaml`, symbols: ['SPY'] };
      const work = localTrainer({ bars, models, version: '1.2.3', backend: 'auto', memoryMb: 1_024 });
      const inThread = await work(input, contextFor(input));
      const again = await work(input, contextFor(input));
      const plan = planOf(input);
      const job = { plan, symbols: await readBars(plan, bars, token), backend: chooseBackend('auto', 'mlp') };
      const here = await trainOnBars(job, contextFor(input));
      expect(again.weightsSha256).toBe(inThread.weightsSha256);
      expect(here.weightsSha256).toBe(inThread.weightsSha256);
      expect(here.history).toEqual(inThread.history);
      expect(here.assessment.metrics).toEqual(inThread.metrics);
      expect(inThread.warnings).toEqual([]);
      const { report } = await models.get(inThread.model.name);
      expect(report.details).toEqual(here.assessment.details);
      return { ...inThread, details: report.details };
    }

    it('tells the legs of a zigzag well better than one who always tells the commonest', async () => {
      const { metrics, details, rows } = await train('zigzag');
      // What is missing of the 40,832 bars are those before the indicators begin and the purged labels before each cut.
      expect(rows.train + rows.validation + rows.test).toBeGreaterThan(40_700);
      const [test, commonest] = [classesOf(metrics.test), classesOf(details.test?.baselines[0]?.metrics)];
      expect(commonest.accuracy).toBeCloseTo(Math.max(...Object.values(test.classBalance)) / rows.test, 12);
      expect(test.accuracy).toBeGreaterThan(commonest.accuracy + 0.03);
      expect(details.test?.plainLoss).toBeLessThan(0.85 * commonest.loss);
    });

    it('tells the barriers better than one who always tells the commonest', async () => {
      const { metrics, details, rows } = await train('triple_barrier');
      expect(rows.train, 'only bars after a move of half a volatility are labelled').toBeLessThan(15_000);
      expect(rows.train).toBeGreaterThan(10_000);
      const [test, commonest] = [classesOf(metrics.test), classesOf(details.test?.baselines[0]?.metrics)];
      expect(test.accuracy).toBeGreaterThan(Math.max(...Object.values(test.classBalance)) / rows.test + 0.01);
      expect(details.test?.plainLoss).toBeLessThan(0.97 * commonest.loss);
      for (const { predicted } of details.test?.classes ?? []) expect(predicted).toBeGreaterThan(rows.test / 10);
      expect(test.classBalance).toEqual(commonest.classBalance);
    });

    it('forecasts returns about as badly as a random walk, and says so', async () => {
      const { metrics, details, rows } = await train('forward_return');
      expect(rows.train + rows.validation + rows.test).toBeGreaterThan(40_700);
      const { plainLoss = Number.NaN, baselines = [] } = details.test ?? {};
      expect(baselines.map(({ name }) => name)).toEqual([
        'random walk: no change is expected',
        'mean of the training part',
      ]);
      for (const { metrics: baseline } of baselines) expect(plainLoss / baseline.loss).toBeCloseTo(1, 1);
      const test = valuesOf(metrics.test);
      expect(plainLoss).toBeCloseTo(test.rootMeanSquareError ** 2, 9);
      expect(Math.abs(test.r2)).toBeLessThan(0.05);
    });
  },
);

type ValueMetrics = Exclude<PartMetrics, ClassMetrics>;

function classesOf(metrics: PartMetrics | undefined): ClassMetrics {
  if (metrics === undefined || !areClassMetrics(metrics)) throw new Error('There are no metrics of classes.');
  return metrics;
}

function valuesOf(metrics: PartMetrics | undefined): ValueMetrics {
  if (metrics === undefined || areClassMetrics(metrics)) throw new Error('There are no metrics of values.');
  return metrics;
}

function contextFor(input: TrainModelInput): OperationContext<TrainModelContext> {
  return {
    id: 'op_train_model_test',
    attempt: 1,
    checkpoint: noCheckpoint,
    children: noChildren,
    token,
    progress: new ProgressReporter({ clock: systemClock, context: trainModel.begin(input), emit: () => {} }),
    log: silentLogger,
    clock: systemClock,
  };
}
