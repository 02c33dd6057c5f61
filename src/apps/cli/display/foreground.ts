import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Whether the terminal belongs to this process, to another one while this one works in the background, or there is none. */
export type TerminalTurn = 'ours' | 'others' | 'none';

/** A process in the background that changes the terminal, or reads from it, is stopped by it. */
export async function terminalTurn(): Promise<TerminalTurn> {
  try {
    const { group, front } = await processGroups();
    if (!(front > 0)) return 'none';
    return group === front ? 'ours' : 'others';
  } catch {
    return 'none';
  }
}

/** The process group of this process, and the one that the terminal has in front. */
async function processGroups(): Promise<{ group: number; front: number }> {
  if (process.platform === 'linux') {
    const stat = await readFile('/proc/self/stat', 'utf8');
    // The name of the program, in parentheses, may hold anything.
    const [, , group, , , front] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { group: Number(group), front: Number(front) };
  }
  const { execFile } = await import('node:child_process');
  const { stdout } = await promisify(execFile)('ps', ['-o', 'pgid=,tpgid=', '-p', String(process.pid)]);
  const [group, front] = stdout.trim().split(/\s+/);
  return { group: Number(group), front: Number(front) };
}
