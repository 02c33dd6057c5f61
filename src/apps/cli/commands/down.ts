import { systemClock, type CancellationToken } from '../../../async/index.ts';
import { KtrdrError, systemCode } from '../../../base/index.ts';
import { ownerOf } from '../../../operations/index.ts';
import { hostDirectory } from '../../host-directory.ts';
import type { CommandContext } from '../programs/command.ts';
import type { JsonOption } from '../programs/shared-options.ts';
import { printJson, terminal } from '../terminal.ts';

/** A shutdown gives work its grace time, and then closes what is open. */
const patienceMs = 30_000;
const lookEveryMs = 50;

interface Stopped {
  readonly pid: number;
  readonly directory: string;
}

/** Stops the services that run in the home, as Ctrl-C in their own terminals would, and waits until they have ended. */
export async function down({ settings, token }: CommandContext, { json = false }: JsonOption): Promise<void> {
  const { home } = settings;
  const stopped: Stopped[] = [];
  // The API first: while it ends, it takes back from the hosts what it has there.
  for (const directory of [home, hostDirectory(home, 'training'), hostDirectory(home, 'ib')]) {
    const pid = await stopOwner(directory, token);
    if (pid === undefined) continue;
    stopped.push({ pid, directory });
    if (!json) terminal.print(`Stopped process ${pid}, which ran in ${directory}.`);
  }
  if (json) printJson('ktrdr.down/1', { home, stopped });
  else if (stopped.length === 0) terminal.print(`Nothing runs in ${home}.`);
}

/** @returns the process that owned the directory; undefined when nobody did. */
async function stopOwner(directory: string, token: CancellationToken): Promise<number | undefined> {
  const owner = ownerOf(directory);
  if (owner === undefined) return undefined;
  const { pid, address } = owner;
  // A signal to somebody else's process cannot be taken back.
  if (pid === undefined) {
    const where = address === undefined ? '' : ` It listens at ${address}.`;
    throw new KtrdrError(
      'failed_precondition',
      `"${directory}" is in use, but by which process cannot be told from here, as with one in a container.${where} Stop it where it was started.`,
    );
  }
  askToStop(pid, directory);
  const askedAt = systemClock.elapsed();
  while (isAlive(pid) && ownerOf(directory) !== undefined) {
    if (systemClock.elapsed() - askedAt > patienceMs) {
      throw new KtrdrError(
        'deadline_exceeded',
        `Process ${pid}, which runs in "${directory}", has not ended within ${patienceMs / 1_000} s. Look at what it prints; "kill -9 ${pid}" ends it at once, and the next start goes on from there.`,
      );
    }
    await systemClock.sleep(lookEveryMs, token);
  }
  return pid;
}

function askToStop(pid: number, directory: string): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (cause) {
    // It has ended meanwhile.
    if (systemCode(cause) === 'ESRCH') return;
    throw new KtrdrError(
      'permission_denied',
      `Process ${pid}, which runs in "${directory}", belongs to another user. Stop it where it was started.`,
      { cause },
    );
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return systemCode(thrown) === 'EPERM';
  }
}
