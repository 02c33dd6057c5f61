import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * When a process began, in words that are the same whenever somebody asks, and are others for every other process that gets
 * its id. Undefined when there is no such process, or it cannot be found out.
 */
export function processStart(pid: number): string | undefined {
  try {
    return process.platform === 'linux' ? startInStat(readFileSync(`/proc/${pid}/stat`, 'utf8')) : startByPs(pid);
  } catch {
    return undefined;
  }
}

/** From what Linux has in `/proc/<pid>/stat`: the ticks of its clock since the machine was started. */
function startInStat(stat: string): string | undefined {
  // The name of the program, in parentheses, may hold anything.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/** From `ps`, as macOS and the BSDs have it: date and time, to the second. @throws Error when there is no such process. */
export function startByPs(pid: number): string {
  return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}
