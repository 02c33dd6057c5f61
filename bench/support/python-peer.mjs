import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * A Python process that carries out one measured piece of work again and again: `setup` once, then `work` for each
 * `measure()`, which resolves with its milliseconds. Undefined where no interpreter is named by KTRDR_BENCH_PYTHON, or
 * it lacks what `setup` imports.
 */
export async function pythonPeer({ setup, work, args = [] }) {
  const interpreter = process.env.KTRDR_BENCH_PYTHON;
  if (interpreter === undefined || interpreter === '') return undefined;
  const program = [
    'import sys, time',
    setup,
    'print("ready", flush=True)',
    'for _ in sys.stdin:',
    '    begun = time.perf_counter()',
    ...work.split('\n').map((line) => `    ${line}`),
    '    print((time.perf_counter() - begun) * 1000, flush=True)',
  ].join('\n');
  const child = spawn(interpreter, ['-c', program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = once(child, 'error').then(() => ({ done: true }));
  const first = await Promise.race([lines.next(), failed]);
  if (first.value !== 'ready') return undefined;
  return {
    async measure() {
      child.stdin.write('\n');
      const { value, done } = await lines.next();
      if (done) throw new Error('The Python process has ended.');
      return Number(value);
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}
