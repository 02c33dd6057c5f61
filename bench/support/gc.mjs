import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { setTimeout as pause } from 'node:timers/promises';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/**
 * What the process holds once everything that nobody needs has been collected. Of several looks the least: what is on its
 * way at the moment of one comes and goes by two MiB.
 */
export async function memoryHeld() {
  const looks = [];
  for (let round = 0; round < 20; round += 1) {
    collect();
    await pause(50);
    const { heapUsed, external, rss } = process.memoryUsage();
    looks.push({ heap: heapUsed + external, rss });
  }
  const least = (key) => Math.min(...looks.slice(5).map((look) => look[key]));
  return { heap: least('heap'), rss: least('rss') };
}
