import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { thrownBy } from '../../base/thrown-by.fixture.ts';
import { Engine } from './engine.ts';
import { portableLibrary } from './native-library.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktrdr-engine-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A library that does something else instead of making a computation. */
function libraryThat(name: string, does: string): string {
  const path = join(folder, `${name}.cjs`);
  writeFileSync(path, `exports.Tensor = class {}; exports.InferenceSession = { create() { ${does} } };`);
  return path;
}

const size = { rows: 4, inputs: 2, values: 'classes' } as const;
const training = {
  model: { kind: 'mlp', inputs: 2, hiddenLayers: [3], outputs: 2, activation: 'relu', dropout: 0 },
  objective: { kind: 'cross_entropy' },
  optimizer: { type: 'sgd', learningRate: 0.1, weightDecay: 0, gradientClip: 0 },
  seed: 1,
} as const;

/** An engine whose process has begun, and what it would be asked next. */
function engineWith(library: string, patienceMs = 30_000): { engine: Engine; create: () => unknown } {
  const engine = new Engine({ library, patienceMs });
  engine.call('prepare', 1, size);
  return { engine, create: () => engine.call('create', 1, training) };
}

/** A process that ended stays in the table of the system until somebody has asked what it ended with. */
const isThere = (pid: number): boolean => {
  try {
    const state = platform() === 'linux' ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
    return !state.includes(') Z ') && process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function untilGone(pid: number): Promise<void> {
  while (isThere(pid)) await setTimeout(10);
}

describe('the process that computes', () => {
  it.skipIf(platform() !== 'linux')('has an environment of its own, in which reports to the maker are off', () => {
    using engine = engineWith(portableLibrary.path).engine;
    const names = readFileSync(`/proc/${engine.pid}/environ`, 'utf8').split('\0');
    expect(names.filter((name) => name !== '' && !name.startsWith('NODE_CHANNEL'))).toEqual([
      'ORT_DISABLE_TELEMETRY=1',
    ]);
  });

  it('ends with its engine', () => {
    const { engine, create } = engineWith(portableLibrary.path);
    const { pid } = engine;
    expect(isThere(pid)).toBe(true);
    engine[Symbol.dispose]();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(create).toThrow(expect.objectContaining({ code: 'failed_precondition' }));
  });

  it('ends with the thread that uses it, also while the library hangs', async () => {
    const engineUrl = new URL('../../../dist/nn/native/engine.js', import.meta.url).href;
    const library = libraryThat('hangs-for-ever', 'for (;;);');
    const lines = [
      `const { Engine } = await import(${JSON.stringify(engineUrl)});`,
      `const engine = new Engine(${JSON.stringify({ library, patienceMs: 600_000 })});`,
      `engine.call('prepare', 1, ${JSON.stringify(size)});`,
      `require('node:worker_threads').parentPort.postMessage(engine.pid);`,
      `engine.call('create', 1, ${JSON.stringify(training)});`,
    ];
    const thread = new Worker(`(async () => { ${lines.join('\n')} })();`, { eval: true });
    const pid = await new Promise<number>((resolve) => thread.once('message', resolve));
    await setTimeout(100);
    expect(isThere(pid)).toBe(true);
    await thread.terminate();
    await untilGone(pid);
  });

  it('is given up when somebody ends it, and all that follows says so', () => {
    const { engine, create } = engineWith(portableLibrary.path);
    process.kill(engine.pid, 'SIGKILL');
    const error = thrownBy(create);
    expect(error).toMatchObject({
      code: 'internal',
      message:
        'The process that computes for the training was ended by SIGKILL. Start the training again; it continues from its last checkpoint.',
    });
    expect(thrownBy(create)).toBe(error);
  });

  it('is ended when it does not answer', () => {
    const { engine, create } = engineWith(libraryThat('hangs', 'for (;;);'), 5_000);
    const { pid } = engine;
    expect(thrownBy(create)).toMatchObject({
      code: 'internal',
      message: expect.stringContaining('did not answer for 5 s and was ended.'),
    });
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it.each([
    ["process.stderr.write('no memory'); process.abort();", 'internal', /was ended by SIGABRT, and said: no memory/],
    ['process.exit(3);', 'internal', /ended with code 3\./],
    ["throw new Error('no such operator');", 'internal', /^no such operator$/],
  ])('tells how a library failed: %s', (does, code, message) => {
    const { engine, create } = engineWith(libraryThat(`fails-${does.length}`, does));
    using _ = engine;
    expect(thrownBy(create)).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('explains a library that cannot be loaded', () => {
    const path = join(folder, 'no-binary.cjs');
    writeFileSync(path, "throw new Error('no binary for this machine');");
    const { engine, create } = engineWith(path);
    using _ = engine;
    expect(thrownBy(create)).toMatchObject({
      code: 'failed_precondition',
      message: expect.stringMatching(
        /^The package onnxruntime-node cannot be loaded .*: no binary for this machine\. Install/,
      ),
    });
  });
});
