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

interface ProcessGroups {
  /** The group that the process is in. */
  readonly group: number;
  /** The group that its terminal has in front; 0 or less without a terminal. */
  readonly front: number;
}

async function processGroups(): Promise<ProcessGroups> {
  return process.platform === 'linux'
    ? groupsInStat(await readFile('/proc/self/stat', 'utf8'))
    : groupsByPs(process.pid);
}

/** From what Linux has in `/proc/<pid>/stat`. */
export function groupsInStat(stat: string): ProcessGroups {
  // The name of the program, in parentheses, may hold anything.
  const [, , group, , , front] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { group: Number(group), front: Number(front) };
}

/** From `ps`, as macOS and the BSDs have it. */
export async function groupsByPs(pid: number): Promise<ProcessGroups> {
  const { execFile } = await import('node:child_process');
  // An option for each column: what stands behind a "=" is, by POSIX, a heading to the end of the argument.
  const { stdout } = await promisify(execFile)('ps', ['-o', 'pgid=', '-o', 'tpgid=', '-p', String(pid)]);
  return groupsInColumns(stdout);
}

/** From the two columns that `ps` prints. */
export function groupsInColumns(columns: string): ProcessGroups {
  const [group, front] = columns.trim().split(/\s+/);
  return { group: Number(group), front: Number(front) };
}
