import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Mebibytes that this process holds once what nobody needs is gone. The resident set tells nothing of that. */
export async function heldMemory(): Promise<number> {
  for (let round = 0; round < 4; round += 1) {
    collect();
    // What is released by a finalizer or at the end of a turn goes with the next round.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}
