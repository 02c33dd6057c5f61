import { systemClock } from '../../../async/index.ts';
import { KtrdrError, systemCode } from '../../../base/index.ts';
import { ownerOf } from '../../../operations/index.ts';
import type { CommandContext } from '../programs/command.ts';
import type { JsonOption } from '../programs/shared-options.ts';
import { printJson, terminal } from '../terminal.ts';

/** A shutdown gives work its grace time, and then closes what is open. */
const patienceMs = 30_000;
const lookEveryMs = 50;

/** Stops whoever runs in the home, as Ctrl-C in its own terminal would, and waits until it has ended. */
export async function down({ settings, token }: CommandContext, { json = false }: JsonOption): Promise<void> {
  const { home } = settings;
  const owner = ownerOf(home);
  if (owner === undefined) {
    if (json) printJson('ktrdr.down/1', { home, stopped: false });
    else terminal.print(`Nothing runs in ${home}.`);
    return;
  }
  const { pid } = owner;
  if (pid === undefined) {
    throw new KtrdrError(
      'failed_precondition',
      `"${home}" is in use, but by which process is not known. Stop it where it was started.`,
    );
  }
  askToStop(pid, home);
  const askedAt = systemClock.elapsed();
  while (isAlive(pid) && ownerOf(home) !== undefined) {
    if (systemClock.elapsed() - askedAt > patienceMs) {
      throw new KtrdrError(
        'deadline_exceeded',
        `Process ${pid}, which runs in "${home}", has not ended within ${patienceMs / 1_000} s. Look at what it prints; "kill -9 ${pid}" ends it at once, and the next start goes on from there.`,
      );
    }
    await systemClock.sleep(lookEveryMs, token);
  }
  if (json) printJson('ktrdr.down/1', { home, stopped: true, pid });
  else terminal.print(`Stopped process ${pid}, which ran in ${home}.`);
}

function askToStop(pid: number, home: string): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (cause) {
    // It has ended meanwhile.
    if (systemCode(cause) === 'ESRCH') return;
    throw new KtrdrError(
      'permission_denied',
      `Process ${pid}, which runs in "${home}", belongs to another user. Stop it where it was started.`,
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
