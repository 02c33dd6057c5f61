import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { sized } from './smoke.mjs';

/** The interpreter of the peers that are written in Python, with pandas, pyarrow and PyTorch; without it they are not measured. */
const interpreter = sized(process.env.KTRDR_BENCH_PYTHON, undefined);

export const withoutPython =
  'The peer was not measured: set `KTRDR_BENCH_PYTHON` to a Python that has pandas (PyTorch for the benches of training).';

/**
 * A peer in a process of its own, so that it takes turns with ours: it prepares itself by `setup`, then does its work
 * once for each line it gets, and answers with what it measured. Undefined where there is no Python.
 */
export async function pythonPeer(name, setup) {
  if (interpreter === undefined) return undefined;
  const script = fileURLToPath(new URL(`../peers/${name}.py`, import.meta.url));
  const child = spawn(interpreter, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The peer ${name}.py ended with ${code}.`);
  });
  ended.catch(() => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (question) => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    const { value } = await Promise.race([lines.next(), ended]);
    return JSON.parse(value);
  };
  const ready = await ask(setup);
  return {
    /** What the peer says of itself. */
    ready,
    /** Does its work once, or the one of several that is named. */
    run: (what = '') => ask(what),
    [Symbol.asyncDispose]: async () => {
      child.stdin.end();
      await ended.catch(() => {});
    },
  };
}
