import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../async/index.ts';
import type { Settings } from '../../../config/index.ts';
import { isTooOld, oldestNode } from '../oldest-node.ts';
import type { Finding } from './finding.ts';

export function lookAtNode(version: string): Finding {
  const detail = `${version} on ${process.platform} ${process.arch}`;
  if (isTooOld(version)) {
    return { status: 'fail', detail, advice: `Install Node ${oldestNode} or newer.` };
  }
  return { status: 'ok', detail };
}

/** The oldest time that a clock which is set can show: what is built is older than every moment at which it runs. */
const buildYear = Date.UTC(2026, 0, 1);
const toleratedMs = 60_000;

/** Of a clock it can be known that it is behind: something here was written later than now. */
export async function lookAtClock({ home }: Pick<Settings, 'home'>, now = systemClock.now()): Promise<Finding> {
  const times = await Promise.all(
    ['operations.db', 'operations.db-wal', 'owner.pid'].map((name) =>
      stat(join(home, name)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  const newest = Math.max(...times);
  const detail = new Date(now).toISOString();
  const advice = 'Set the clock of this machine, best by NTP: bars that are not final yet would be taken for final.';
  if (now < buildYear) return { status: 'fail', detail: `shows ${detail}, which has long passed`, advice };
  if (newest > now + toleratedMs) {
    return { status: 'fail', detail: `shows ${detail}, but records are of ${new Date(newest).toISOString()}`, advice };
  }
  return { status: 'ok', detail };
}

/** The one part of the program that is compiled for each kind of machine. */
export async function lookAtDatabase(): Promise<Finding> {
  const advice = 'Install again on this machine with the Node that is to run it: npm install.';
  try {
    await import('../../../operations/index.ts');
    return { status: 'ok', detail: `SQLite is there for ${process.platform} ${process.arch}` };
  } catch (thrown) {
    const [why = ''] = String(thrown instanceof Error ? thrown.message : thrown).split('\n');
    return { status: 'fail', detail: `SQLite cannot be loaded: ${why}`, advice };
  }
}
