import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { setTimeout as pause } from 'node:timers/promises';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/** What the process holds once everything that nobody needs has been collected. */
export async function memoryHeld() {
  for (let round = 0; round < 6; round += 1) {
    collect();
    await pause(50);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, rss };
}
