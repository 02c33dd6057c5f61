import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  CancellationSource,
  CancellationToken,
  ProgressReporter,
  systemClock,
  type MetricPoint,
} from '../async/index.ts';
import { silentLogger, type Logger } from '../base/index.ts';
import { createRandom } from '../nn/index.ts';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint-file.ts';
import { CheckpointFolder, type SavedCheckpoint } from './checkpoint-folder.ts';
import { openCheckpoints } from './checkpoints.ts';
import { chooseBackend } from './backends.ts';
import { readBars } from './read-bars.ts';
import { sampleSource } from './sample-source.fixture.ts';
import { sampleStrategy } from '../strategies/sample-strategy.fixture.ts';
import { thrownBy } from '../base/thrown-by.fixture.ts';
import { planOf, trainModel, type TrainModelContext } from './train-model.ts';
import { trainOnBars, type TrainedModel, type TrainingJob } from './train-on-bars.ts';
import type { RunState } from './training-run.ts';

const id = 'op_train_model_test';
const epochs = 20;
const input = { strategy: sampleStrategy(['  epochs: 3', `  epochs: ${epochs}`], ['patience: 5', 'patience: 8']) };
const seed = Math.floor(Math.random() * 2 ** 32);
const random = createRandom(seed);

let job: TrainingJob;
let uninterrupted: TrainedModel;
let directory: string;

beforeAll(async () => {
  const plan = planOf(input);
  job = {
    plan,
    symbols: await readBars(plan, sampleSource(), CancellationToken.none),
    backend: chooseBackend('auto', 'mlp'),
  };
  uninterrupted = await train({ settings: false }).result;
});

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ktrdr-checkpoints-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

interface Attempt {
  settings?: false;
  everyMs?: number;
  as?: string;
  last?: unknown;
  /** Stops it as soon as so many batches are done. */
  batches?: number;
  of?: TrainingJob;
}

/** One attempt at the training, the record's checkpoints, the first batch that it trained (counted from the beginning; 0 for none), and what it told the log. */
function train({ settings, everyMs = 0, as = id, last, batches = Infinity, of = job }: Attempt = {}): {
  result: Promise<TrainedModel>;
  saved: SavedCheckpoint[];
  said: string[];
  firstBatch: () => number;
  curve: MetricPoint[];
} {
  const source = new CancellationSource();
  const saved: SavedCheckpoint[] = [];
  const said: string[] = [];
  const curve: MetricPoint[] = [];
  let first = 0;
  let seen = 0;
  // Time enough between two batches for each of them to be reported.
  let elapsed = 0;
  const progress = new ProgressReporter<TrainModelContext>({
    clock: systemClock,
    context: trainModel.begin(input),
    intervalMs: 0,
    emit: ({ context }) => {
      if (context.batch > 0) first ||= (context.epoch - 1) * context.batches + context.batch;
      seen += 1;
      if (seen >= batches) source.cancel('shutdown');
    },
  });
  const log: Logger = { ...silentLogger, info: (text) => said.push(text), warn: (text) => said.push(text) };
  const result = trainOnBars(settings === false ? of : { ...of, checkpoints: { directory, everyMs } }, {
    id: as,
    checkpoint: { last, save: (value) => saved.push(value as SavedCheckpoint) },
    metrics: { record: (...points) => void curve.push(...points) },
    token: source.token,
    progress,
    clock: { ...systemClock, elapsed: () => (elapsed += 10) },
    log,
  });
  return { result, saved, said, curve, firstBatch: () => first };
}

const files = (of = id): string[] => readdirSync(join(directory, of));

describe(`an interrupted training (seed ${seed})`, () => {
  it('ends with the very model of one that was not, wherever and however often it was stopped', async () => {
    for (let round = 0; round < 2; round += 1) {
      const stops: number[] = [];
      let first = 0;
      for (;;) {
        const batches = 1 + random.below(300);
        const attempt = train(stops.length < 6 ? { batches } : {});
        const end = await attempt.result.catch(() => undefined);
        // One that is stopped before its first batch tells of none.
        const begunAt = attempt.firstBatch();
        if (begunAt > 0) {
          expect(begunAt, `stopped after ${stops.join(', ')} batches`).toBeGreaterThanOrEqual(first);
          first = begunAt;
        }
        stops.push(batches);
        if (end === undefined) continue;
        expect(end, `stopped after ${stops.join(', ')} batches`).toEqual(uninterrupted);
        break;
      }
      expect(files().length).toBeLessThanOrEqual(2);
      rmSync(join(directory, id), { recursive: true });
    }
  });

  it('trains no batch again that a checkpoint holds', async () => {
    const first = train({ batches: 120 });
    await expect(first.result).rejects.toMatchObject({ code: 'cancelled' });
    const batches = first.saved.map((saved) => saved.batches);
    expect(batches).toEqual(batches.toSorted((a, b) => a - b));
    const second = train();
    expect(await second.result).toEqual(uninterrupted);
    expect(second.firstBatch()).toBe((batches.at(-1) ?? 0) + 1);
    expect(second.said).toEqual(['the training continues from a checkpoint']);
    const whole = train({ settings: false });
    await whole.result;
    const from = second.curve[0]?.step ?? 0;
    expect(from).toBeGreaterThan(1);
    expect(second.curve).toEqual(whole.curve.filter(({ step }) => step >= from));
    expect(first.curve.slice(0, from - 1)).toEqual(whole.curve.slice(0, from - 1));
  });

  it('only tests when it had been trained to the end', async () => {
    expect(await train().result).toEqual(uninterrupted);
    const again = train();
    expect(await again.result).toEqual(uninterrupted);
    expect(again.firstBatch()).toBe(0);
  });

  it('falls back to the checkpoint before a damaged one, then to the beginning, and says so', async () => {
    const stop = { batches: 120 };
    const { result, saved } = train(stop);
    await expect(result).rejects.toMatchObject({ code: 'cancelled' });
    const [before, newest] = saved.slice(-2);
    truncateSync(join(directory, newest?.file ?? ''), 100);
    const second = train(stop);
    await expect(second.result).rejects.toMatchObject({ code: 'cancelled' });
    expect(second.firstBatch()).toBe((before?.batches ?? 0) + 1);
    expect(second.said).toEqual([
      'a checkpoint is damaged and is left out',
      'the training continues from a checkpoint',
    ]);

    for (const name of files()) {
      const path = join(directory, id, name);
      const bytes = readFileSync(path);
      const at = random.below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      writeFileSync(path, bytes);
    }
    const third = train();
    expect(await third.result).toEqual(uninterrupted);
    expect(third.firstBatch()).toBe(1);
    expect(third.said).toEqual([
      'a checkpoint is damaged and is left out',
      'a checkpoint is damaged and is left out',
      'the training begins anew: no checkpoint can be used',
    ]);
  });

  it('begins anew when its bars have changed meanwhile', async () => {
    await expect(train({ batches: 120 }).result).rejects.toMatchObject({ code: 'cancelled' });
    const symbols = await readBars(job.plan, sampleSource(1_199), CancellationToken.none);
    const second = train({ of: { ...job, symbols } });
    expect((await second.result).weightsSha256).not.toBe(uninterrupted.weightsSha256);
    expect(second.said[0]).toBe('a checkpoint is of other bars or another strategy and is left out');
    expect(second.firstBatch()).toBe(1);
  });

  it('can go on as another operation, which its record leads to the files', async () => {
    const first = train({ batches: 120 });
    await expect(first.result).rejects.toMatchObject({ code: 'cancelled' });
    const last = first.saved.at(-1);
    const other = train({ as: 'another', last });
    expect(await other.result).toEqual(uninterrupted);
    expect(other.firstBatch()).toBe((last?.batches ?? 0) + 1);
    expect(other.saved[0]?.file).toMatch(/^another\/batch-/);
    const lost = train({ as: 'third', last: { ...last, file: '../../etc/passwd' } });
    expect(await lost.result).toEqual(uninterrupted);
    expect(lost.said).toEqual(['the training begins anew: no checkpoint can be used']);
  });

  it('saves no more often than it is told to, and goes on when the disk refuses', async () => {
    const rare = train({ everyMs: 60_000 });
    expect(await rare.result).toEqual(uninterrupted);
    expect(rare.saved).toEqual([]);
    writeFileSync(join(directory, 'blocked'), '');
    const refused = train({ as: 'blocked' });
    expect(await refused.result).toEqual(uninterrupted);
    expect(refused.saved).toEqual([]);
    expect(new Set(refused.said)).toEqual(new Set(['a checkpoint was not saved']));
  });
});

describe('CheckpointFolder', () => {
  it('keeps the newest two and takes nothing else for one', () => {
    const folder = new CheckpointFolder(directory, id);
    expect(folder.list()).toEqual([]);
    for (const batches of [8, 9, 10]) folder.write(batches, Uint8Array.of(batches));
    writeFileSync(join(directory, id, `${files()[0]}.saving`), 'half of a');
    expect(folder.list().map((found) => [found.batches, ...found.read()])).toEqual([
      [10, 10],
      [9, 9],
    ]);
    folder.remove();
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('openCheckpoints()', () => {
  it('forgets what was left more than a week ago, and nothing younger', () => {
    const path = join(directory, 'checkpoints');
    for (const name of ['old', 'young']) new CheckpointFolder(path, name).write(1, Uint8Array.of(1));
    const now = Date.now();
    utimesSync(join(path, 'old'), now / 1_000, (now - 8 * 86_400_000) / 1_000);
    expect(openCheckpoints(path)).toEqual({ directory: path, everyMs: 5_000 });
    expect(readdirSync(path)).toEqual(['young']);
    expect(openCheckpoints(join(directory, 'none', 'yet'), { everyMs: 0 })).toMatchObject({ everyMs: 0 });
  });
});

describe('a checkpoint’s file', () => {
  const state: RunState = {
    history: [{ epoch: 1, trainLoss: 0.1 + 0.2, trainAccuracy: 1 / 3 }],
    begun: { batches: 3, lossSum: 0.7 + 0.1, weight: 1 / 7 },
    shuffle: [1, 2 ** 32 - 1, 0, 7],
    params: Float32Array.of(1.5, -0, 3e-39),
    best: { epoch: 1, score: -1e-300, reference: -0.1, improvedAt: 1, params: Float32Array.of(9) },
  };

  it('gives back what was written, to the last bit', () => {
    expect(decodeCheckpoint(encodeCheckpoint({ job: 'x', state }))).toEqual({ job: 'x', state });
    const { best: _, ...plain } = state;
    expect(decodeCheckpoint(encodeCheckpoint({ job: 'x', state: plain })).state).toEqual(plain);
  });

  it('refuses what is none', () => {
    const bytes = encodeCheckpoint({ job: 'x', state });
    expect(thrownBy(() => decodeCheckpoint(bytes.subarray(0, 60))).code).toBe('data_corrupt');
    const foreign = encodeCheckpoint({ job: 'x', state: { ...state, begun: { batches: -1, lossSum: 0, weight: 0 } } });
    expect(thrownBy(() => decodeCheckpoint(foreign)).message).toMatch(/^This is not a checkpoint of a training: /);
  });
});
