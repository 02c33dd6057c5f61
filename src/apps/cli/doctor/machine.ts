import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../async/index.ts';
import type { Settings } from '../../../config/index.ts';
import type { Finding } from './finding.ts';

/** A test holds it against package.json. */
export const oldestNode = '20.19.0';

export function lookAtNode(version: string): Finding {
  const detail = `${version} on ${process.platform} ${process.arch}`;
  if (isOlder(version, oldestNode)) {
    return { status: 'fail', detail, advice: `Install Node ${oldestNode} or newer.` };
  }
  return { status: 'ok', detail };
}

function isOlder(version: string, than: string): boolean {
  const parts = (text: string): number[] => text.replace(/^v/, '').split('.').map(Number);
  const [major = 0, minor = 0] = parts(version);
  const [leastMajor = 0, leastMinor = 0] = parts(than);
  return major < leastMajor || (major === leastMajor && minor < leastMinor);
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
