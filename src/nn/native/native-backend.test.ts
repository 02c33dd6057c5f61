import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { testBackend } from '../backend.contract.ts';
import { plainBackend } from '../plain-backend.ts';
import { createRandom } from '../random.ts';
import type { TrainerOptions } from '../trainer.ts';
import { weightsHash } from '../weights.ts';
import { nativeBackend } from './native-backend.ts';
import { nativeLibrary, portableLibrary, withoutNativeLibrary } from './native-library.fixture.ts';

const libraries = [portableLibrary, ...(nativeLibrary === undefined ? [] : [nativeLibrary])];

describe.each(libraries)('with onnxruntime $version', (library) => {
  const backend = nativeBackend(library);
  afterAll(() => backend[Symbol.dispose]());

  testBackend(backend, { lives: 100 });

  it('loses as much at each step as the plain backend does', () => {
    using native = backend.create(options);
    using plain = plainBackend.create(options);
    let apart = 0;
    for (let epoch = 0; epoch < 20; epoch += 1) {
      const [ours, others] = [native.steps(rows, 32), plain.steps(rows, 32)];
      apart = Math.max(apart, ...ours.map((loss, batch) => Math.abs(loss - (others[batch] ?? Number.NaN))));
    }
    expect(apart).toBeLessThan(1e-4);
    expect(native.evaluate(rows).loss).toBeCloseTo(plain.evaluate(rows).loss, 4);
  });

  it('trains the same weights again in another process', () => {
    const hashes = [0, 1].map(() => {
      using another = nativeBackend(library);
      const trainer = another.create({ ...options, model: { ...options.model, dropout: 0.3 } });
      for (let epoch = 0; epoch < 5; epoch += 1) trainer.steps(rows, 48);
      return weightsHash(trainer.exportWeights());
    });
    expect(hashes[0]).toBe(hashes[1]);
  });

  it('keeps a finite loss and finite weights for rows it cannot explain', () => {
    using trainer = backend.create({
      ...options,
      model: { ...options.model, inputs: 1, hiddenLayers: [], outputs: 2 },
      optimizer: { type: 'adam', learningRate: 1, weightDecay: 0, gradientClip: 1 },
      data: { features: Float32Array.of(1e30), targets: Int32Array.of(0) },
    });
    for (let step = 0; step < 5; step += 1) expect(Number.isFinite(trainer.step(Int32Array.of(0)))).toBe(true);
    expect(trainer.exportWeights().every(Number.isFinite)).toBe(true);
  });

  it('reads data that lies in shared memory', () => {
    const shared = new Float32Array(new SharedArrayBuffer(features.byteLength));
    shared.set(features);
    using own = backend.create(options);
    using other = backend.create({ ...options, data: { ...options.data, features: shared } });
    expect(other.step(rows)).toBe(own.step(rows));
  });
});

describe('nativeBackend()', () => {
  it('refuses a model that it does not train', () => {
    using backend = nativeBackend(portableLibrary);
    const rows = { features: new Float32Array(12), targets: Int32Array.of(0, 1, 2) };
    const model = {
      kind: 'gru',
      inputs: 4,
      sequenceLength: 3,
      hiddenSize: 4,
      layers: 1,
      outputs: 3,
      dropout: 0,
    } as const;
    expect(() => backend.create({ ...options, model, data: rows })).toThrow(
      expect.objectContaining({ code: 'invalid_input', message: 'The native backend does not train gru models.' }),
    );
  });

  const hasTracer = spawnSync('strace', ['-V']).status === 0;

  it.skipIf(nativeLibrary === undefined || !hasTracer)(
    `looks up no name, opens no connection and leaves no file behind (${withoutNativeLibrary}; strace is needed, too)`,
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'ktrdr-native-'));
      try {
        const home = mkdtempSync(join(folder, 'home-'));
        const trace = join(folder, 'trace');
        const program = fileURLToPath(new URL('../../../test/fixtures/native-training.mjs', import.meta.url));
        const traced = ['-f', '-qq', '-e', 'trace=socket,connect,openat', '-o', trace, process.execPath, program];
        const { status, stdout, stderr } = spawnSync('strace', [...traced, nativeLibrary?.path ?? ''], {
          env: { PATH: process.env['PATH'], HOME: home, TMPDIR: home, XDG_CACHE_HOME: home },
          encoding: 'utf8',
        });
        expect(stderr).toBe('');
        expect(status).toBe(0);
        expect(Number(stdout)).toBeLessThan(0.7);
        const calls = readFileSync(trace, 'utf8').split('\n');
        expect(calls.some((call) => call.includes('libonnxruntime'))).toBe(true);
        expect(calls.filter((call) => /AF_INET|O_CREAT|O_TRUNC/.test(call))).toEqual([]);
        expect(readdirSync(home)).toEqual([]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});

const random = createRandom(5);
const inputs = 12;
const rows = Int32Array.from({ length: 480 }, (_, row) => row);
const features = Float32Array.from({ length: rows.length * inputs }, () => random.normal());
const options = {
  model: { kind: 'mlp', inputs, hiddenLayers: [20, 8], outputs: 3, activation: 'relu', dropout: 0 },
  objective: { kind: 'cross_entropy' },
  optimizer: { type: 'adam', learningRate: 0.003, weightDecay: 1e-4, gradientClip: 1 },
  data: { features, targets: rows.map((row) => ((features[row * inputs] ?? 0) > 0 ? 2 : row % 2)) },
  seed: 1,
} satisfies TrainerOptions;
