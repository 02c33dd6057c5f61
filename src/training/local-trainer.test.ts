import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  cancelledError,
  CancellationSource,
  CancellationToken,
  noCheckpoint,
  ProgressReporter,
  systemClock,
  type CancelReason,
  type ProgressState,
} from '../async/index.ts';
import { KtrdrError, silentLogger } from '../base/index.ts';
import { barsFromRows, type Bars } from '../market/index.ts';
import { noChildren, type OperationContext } from '../operations/index.ts';
import { chooseBackend } from './backends.ts';
import type { BarSource } from './bar-source.ts';
import { localTrainer } from './local-trainer.ts';
import { areClassMetrics, ModelStore, type ClassMetrics } from '../models/index.ts';
import { installPortableLibrary } from '../nn/native/native-library.fixture.ts';
import { readBars } from './read-bars.ts';
import { sampleSource, trainerSettings } from './sample-source.fixture.ts';
import { sampleStrategy } from '../strategies/sample-strategy.fixture.ts';
import { trainOnBars } from './train-on-bars.ts';
import {
  planOf,
  trainModel,
  type TrainModelContext,
  type TrainModelInput,
  type TrainModelResult,
} from './train-model.ts';

const input: TrainModelInput = { strategy: sampleStrategy(), strategyName: 's.yaml' };

/** Threads of this process that are still there. */
const threads = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'MessagePort' || name === 'Worker').length;

function contextFor(
  token = CancellationToken.none,
  onState: (state: ProgressState<TrainModelContext>) => void = () => {},
): OperationContext<TrainModelContext> {
  const progress = new ProgressReporter<TrainModelContext>({
    clock: systemClock,
    context: trainModel.begin(input),
    emit: onState,
    intervalMs: 0,
  });
  return {
    id: 'op_train_model_test',
    attempt: 1,
    checkpoint: noCheckpoint,
    children: noChildren,
    token,
    progress,
    log: silentLogger,
    clock: systemClock,
  };
}

describe('localTrainer()', () => {
  let directory: string;
  let models: ModelStore;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ktrdr-trainer-'));
    models = await ModelStore.open(directory);
  });

  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
    if (threads() > 0) throw new Error('A thread is left.');
  });

  const train = (
    context = contextFor(),
    { bars = sampleSource(), ...overrides }: Partial<TrainModelInput> & { bars?: BarSource } = {},
  ): Promise<TrainModelResult> =>
    localTrainer({ bars, models, version: '1.2.3', ...trainerSettings })({ ...input, ...overrides }, context);

  it('trains, tests and stores a model, and tells about it', async () => {
    const result = await train();
    expect(trainModel.result.parse(result)).toEqual(result);
    expect(result).toMatchObject({ model: { name: 'sample', version: 'v1' }, epochsTrained: 3, features: 4, seed: 11 });
    const { train: rows, validation, test } = result.rows;
    expect(rows).toBeGreaterThan(3 * validation);
    const metrics = classMetricsOf(result);
    expect(metrics.train.confusion.flat().reduce((sum, count) => sum + count)).toBe(rows);
    expect(Object.values(metrics.test.classBalance).reduce((sum, count) => sum + count)).toBe(test);
    const stored = await models.get('sample');
    expect(stored).toMatchObject({
      weightsSha256: result.weightsSha256,
      metrics: result.metrics,
      metadata: { operation: 'op_train_model_test', ktrdrVersion: '1.2.3', dataFingerprint: result.dataFingerprint },
      strategy: input.strategy,
    });
    expect(stored.features.features.map(({ id }) => id)).toEqual([
      '1h_momentum_low',
      '1h_momentum_middle',
      '1h_momentum_high',
      '1h_macd_12.histogram_raw',
    ]);
  });

  it('does not take for stopped what a host was training before the settings came to train here', async () => {
    using source = new CancellationSource();
    source.cancel('user');
    const context = contextFor(source.token);
    const stoppedHere = train(context);
    await expect(stoppedHere).rejects.toMatchObject({ code: 'cancelled' });
    await expect(stoppedHere).rejects.not.toMatchObject({ details: { unconfirmed: true } });
    const checkpoint = { ...noCheckpoint, last: { hostOperation: 'op', host: 'http://far' } };
    await expect(train({ ...context, checkpoint })).rejects.toMatchObject({
      code: 'cancelled',
      details: { reason: 'user', host: 'http://far', unconfirmed: true },
    });
  });

  it('gives the same weights each time, in a thread and without one', async () => {
    const [first, second] = [await train(), await train()];
    const plan = planOf(input);
    const symbols = await readBars(plan, sampleSource(), CancellationToken.none);
    const inThisThread = await trainOnBars({ plan, symbols, backend: chooseBackend('auto', 'mlp') }, contextFor());
    expect(second.weightsSha256).toBe(first.weightsSha256);
    expect(inThisThread.weightsSha256).toBe(first.weightsSha256);
    expect(inThisThread.dataFingerprint).toBe(first.dataFingerprint);
    expect(await models.readWeights('sample', 'v2')).toEqual(inThisThread.weights);
  });

  it('gives the same weights however many run at the same time', { timeout: 60_000 }, async () => {
    const results = await Promise.all(Array.from({ length: 6 }, () => train()));
    expect(new Set(results.map(({ weightsSha256 }) => weightsSha256)).size).toBe(1);
  });

  it('trains with the backend that is configured, and tells which one that was and why', async () => {
    const plain = await localTrainer({
      bars: sampleSource(),
      models,
      version: '1.2.3',
      ...trainerSettings,
      backend: 'plain',
    })(input, contextFor());
    const chosen = await train();
    expect(plain.backend).toEqual({ name: 'plain', why: 'The configuration names it.' });
    expect(chosen.backend).toEqual({ name: 'wasm', why: 'It is the fastest that trains mlp models.' });
    expect(plain.weightsSha256).not.toBe(chosen.weightsSha256);
    expect(plain.metrics.train.loss).toBeCloseTo(chosen.metrics.train.loss, 1);
  });

  const nativeTraining = (folder: string, bars = sampleSource()): Promise<TrainModelResult> =>
    localTrainer({
      bars,
      models,
      version: '1.2.3',
      ...trainerSettings,
      backend: 'native',
      packageFolders: [folder],
    })(input, contextFor());

  it('trains with a library that the user installed, and tells its version', { timeout: 60_000 }, async () => {
    await installPortableLibrary(directory);
    const [first, second] = [await nativeTraining(directory), await nativeTraining(directory)];
    const ours = await train();
    expect(first.backend).toEqual({
      name: 'native',
      why: 'The configuration names it. It computes with onnxruntime-node 9.8.7.',
    });
    expect(second.weightsSha256).toBe(first.weightsSha256);
    expect(first.weightsSha256).not.toBe(ours.weightsSha256);
    expect(first.metrics.train.loss).toBeCloseTo(ours.metrics.train.loss, 2);
  });

  it('refuses to train with a library that is not there, before it reads a bar', async () => {
    const unread: BarSource = { ...sampleSource(), read: () => Promise.reject(new Error('read')) };
    await expect(nativeTraining(directory, unread)).rejects.toMatchObject({
      code: 'failed_precondition',
      message: expect.stringContaining('--ignore-scripts onnxruntime-node'),
    });
  });

  it.each([
    ['needs more for its bars alone', 40_000, 3],
    ['outgrows its memory on the way', 1_200, 5],
  ])('ends a training that %s, with what to do, and stores nothing', async (_, count, memoryMb) => {
    const small = localTrainer({ bars: sampleSource(count), models, version: '1.2.3', ...trainerSettings, memoryMb });
    const failure = small(input, contextFor());
    await expect(failure).rejects.toMatchObject({ code: 'failed_precondition', details: { limitMb: memoryMb } });
    await expect(failure).rejects.toThrow('raise KTRDR_TRAINING_MEMORY_MB');
    expect(await models.list()).toEqual([]);
  });

  it('lets a training that outgrows its memory end alone', async () => {
    const small = localTrainer({ bars: sampleSource(), models, version: '1.2.3', ...trainerSettings, memoryMb: 5 });
    const [beside, outgrown, alone] = await Promise.allSettled([train(), small(input, contextFor()), train()]);
    expect(outgrown).toMatchObject({ status: 'rejected', reason: { code: 'failed_precondition' } });
    for (const other of [beside, alone]) expect(other).toMatchObject({ status: 'fulfilled' });
    expect(await models.list()).toHaveLength(2);
  });

  it('gives other weights for another seed and for other bars', async () => {
    const hashes = [
      await train(),
      await train(contextFor(), { seed: 12 }),
      await train(contextFor(), { bars: sampleSource(1_199) }),
    ];
    expect(new Set(hashes.map(({ weightsSha256 }) => weightsSha256)).size).toBe(3);
    expect(hashes[2]?.dataFingerprint).not.toBe(hashes[0]?.dataFingerprint);
  });

  it('reports rising progress through every phase', async () => {
    const states: ProgressState<TrainModelContext>[] = [];
    const strategy = sampleStrategy(['  epochs: 3', '  epochs: 60'], ['patience: 5', 'patience: 60']);
    await train(
      contextFor(CancellationToken.none, (state) => states.push(state)),
      { strategy },
    );
    const fractions = states.map(({ fraction }) => fraction);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect([...new Set(states.map(({ phase }) => phase))]).toEqual(
      expect.arrayContaining(['reading bars', 'training', 'saving the model']),
    );
    expect(trainModel.context.parse(states.at(-1)?.context)).toMatchObject({ epoch: 60 });
  });

  it('names every series that is not there and how to load it', async () => {
    const failure = train(contextFor(), { symbols: ['AAA', 'CCC', 'BRK B'] });
    await expect(failure).rejects.toMatchObject({ code: 'failed_precondition' });
    await expect(failure).rejects.toThrow(
      `The strategy "sample" needs bars that are not in the store: CCC 1h, BRK B 1h. ` +
        `Load them with "ktrdr data load CCC -t 1h", "ktrdr data load 'BRK B' -t 1h".`,
    );
  });

  it('says when the history is too short', async () => {
    await expect(train(contextFor(), { bars: sampleSource(150) })).rejects.toThrow(
      'AAA has 150 1h bars for this training, and "sample" requires 200 (training_data.history_required).',
    );
  });

  it('refuses a strategy that is not valid before anything is read', async () => {
    const failure = train(contextFor(), { strategy: sampleStrategy(['  epochs: 3', '  epoch: 3']) });
    await expect(failure).rejects.toThrow('s.yaml:26:3: there is no key "epoch" here');
  });

  describe('with checkpoints', () => {
    const input60 = { strategy: sampleStrategy(['  epochs: 3', '  epochs: 60'], ['patience: 5', 'patience: 60']) };
    const id = 'op_train_model_test';
    let checkpoints: string;

    beforeEach(() => {
      checkpoints = join(directory, 'checkpoints');
    });

    /** Trains, and is cancelled in the given epoch. */
    const trainUntil = (epoch: number, reason: CancelReason, attempt = 1): Promise<TrainModelResult> => {
      using source = new CancellationSource();
      const context = contextFor(source.token, (state) => {
        if (state.context.epoch >= epoch) source.cancel(reason);
      });
      const settings = { directory: checkpoints, everyMs: 0 };
      return localTrainer({
        bars: sampleSource(),
        models,
        version: '1.2.3',
        ...trainerSettings,
        checkpoints: settings,
      })(input60, {
        ...context,
        attempt,
      });
    };

    it('goes on after a shutdown, saves one model, and clears away what it does not need any more', async () => {
      await expect(trainUntil(20, 'shutdown')).rejects.toMatchObject({ code: 'cancelled' });
      expect(await readdir(join(checkpoints, id))).toHaveLength(2);
      const { weightsSha256 } = await trainUntil(Infinity, 'shutdown', 2);
      expect(weightsSha256).toBe((await train(contextFor(), input60)).weightsSha256);
      expect(await readdir(checkpoints)).toEqual([]);
    });

    it('saves no second model when only the word of its end was lost', async () => {
      const first = await trainUntil(Infinity, 'user');
      const second = await trainUntil(Infinity, 'user', 2);
      expect(second.model).toEqual(first.model);
      expect(await models.list()).toHaveLength(1);
    });

    it('leaves nothing behind when the user cancels', async () => {
      await expect(trainUntil(20, 'user')).rejects.toMatchObject({ code: 'cancelled' });
      expect(await readdir(checkpoints)).toEqual([]);
    });
  });

  describe('when cancelled', () => {
    const long = sampleStrategy(['  epochs: 3', '  epochs: 100000'], ['patience: 5', 'patience: 100000']);

    it('ends a read of bars that takes long', async () => {
      using source = new CancellationSource();
      const bars: BarSource = {
        read: (_series, _range, token) =>
          new Promise((_resolve, reject) => token.onCancelled(() => reject(cancelledError('user')))),
        calendarOf: async () => 'us_equities',
      };
      const training = localTrainer({ bars, models, version: '1.0.0', ...trainerSettings })(
        input,
        contextFor(source.token),
      );
      source.cancel();
      await expect(training).rejects.toMatchObject({ code: 'cancelled' });
    });

    it.each(['reading bars', 'computing features', 'training'])(
      'stops at once while %s, and stores nothing',
      async (phase) => {
        using source = new CancellationSource();
        let cancelledAt = 0;
        let threadsThen = 0;
        const cancel = (): void => {
          cancelledAt ||= performance.now();
          source.cancel();
        };
        const context = contextFor(source.token, (state) => {
          if (state.phase !== phase) return;
          threadsThen ||= threads();
          cancel();
        });
        await expect(train(context, { strategy: long })).rejects.toMatchObject({ code: 'cancelled' });
        expect(performance.now() - cancelledAt).toBeLessThan(1_000);
        expect(threadsThen, 'the thread that is gone now was there').toBe(phase === 'reading bars' ? 0 : 1);
        expect(await models.list()).toEqual([]);
      },
    );

    it('stops within a second at any moment', async () => {
      for (const delayMs of [0, 15, 60, 130, 250, 400]) {
        using source = new CancellationSource();
        const running = train(contextFor(source.token), { strategy: long });
        const outcome = running.then(
          () => undefined,
          (thrown: unknown) => KtrdrError.from(thrown),
        );
        await systemClock.sleep(delayMs, CancellationToken.none);
        const cancelledAt = performance.now();
        source.cancel();
        expect(await outcome).toMatchObject({ code: 'cancelled' });
        expect(performance.now() - cancelledAt).toBeLessThan(1_000);
        expect(threads()).toBe(0);
      }
      expect(await models.list()).toEqual([]);
    });
  });

  const spy = new URL('../../../shared/data/SPY_1h_raw.csv', import.meta.url.replace('/dist/', '/src/'));

  it.skipIf(!existsSync(spy))('learns from two decades of SPY (skipped where ../shared/data is absent)', async () => {
    const bars = parseCsv(await readFile(spy, 'utf8'));
    const source: BarSource = { read: async () => bars, calendarOf: async () => 'us_equities' };
    const result = await train(contextFor(), { bars: source, symbols: ['SPY'] });
    const { rows } = result;
    expect(rows.train + rows.validation + rows.test).toBeGreaterThan(40_000);
    const { train: trained, test } = classMetricsOf(result);
    const { accuracy, classBalance } = test;
    const commonest = Math.max(...Object.values(classBalance)) / rows.test;
    expect(trained.accuracy).toBeGreaterThan(0.6);
    expect(accuracy, 'not much worse than always saying the commonest label').toBeGreaterThan(commonest - 0.1);
  });
});

function classMetricsOf({ metrics: { train, test } }: TrainModelResult): { train: ClassMetrics; test: ClassMetrics } {
  if (test === undefined || !areClassMetrics(train) || !areClassMetrics(test)) throw new Error('There are no classes.');
  return { train, test };
}

function parseCsv(text: string): Bars {
  const lines = text.trim().split('\n').slice(1);
  return barsFromRows(
    lines.map((line) => {
      const [time = '', ...numbers] = line.split(',');
      const [open = Number.NaN, high = Number.NaN, low = Number.NaN, close = Number.NaN, volume = Number.NaN] =
        numbers.map(Number);
      return { time: Date.parse(time), open, high, low, close, volume };
    }),
  );
}
