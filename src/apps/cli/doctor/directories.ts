import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KtrdrError, systemCode } from '../../../base/index.ts';
import { readToken, type Settings } from '../../../config/index.ts';
import { formatBytes } from '../format.ts';
import type { Finding } from './finding.ts';

const little = 1024 ** 3;
const tooLittle = 64 * 1024 ** 2;

/** Whether a directory can be written to, or made, and how much room there is. */
export async function lookAtDirectory(path: string): Promise<Finding> {
  const there = await nearestThere(path);
  try {
    // With a slash at its end a path means a directory, and nothing else.
    await access(`${there}/`, constants.W_OK | constants.X_OK);
  } catch (thrown) {
    const what = there === path ? 'cannot be written to' : `cannot be made in ${there}`;
    const advice = 'Make it a directory of this user, or choose another with --home.';
    return { status: 'fail', detail: `${path} ${what} (${systemCode(thrown) ?? 'unknown'})`, advice };
  }
  const { bavail, bsize } = await statfs(there);
  const free = bavail * bsize;
  const detail = `${path}${there === path ? '' : ', to be made at the first start'}, ${formatBytes(free)} free`;
  if (free >= little) return { status: 'ok', detail };
  const advice = 'Make room on this disk, or choose a directory on another one with --home.';
  return { status: free < tooLittle ? 'fail' : 'warn', detail, advice };
}

/** A path that is there: this one, or the directory in which it would be made. */
async function nearestThere(path: string): Promise<string> {
  const isThere = await stat(path).then(
    () => true,
    (error: unknown) => systemCode(error) !== 'ENOENT',
  );
  return isThere || dirname(path) === path ? path : nearestThere(dirname(path));
}

/** Who holds the home, and whether that is who commands would talk to. */
export async function lookAtOwner({ home, api }: Pick<Settings, 'home' | 'api'>): Promise<Finding> {
  const { ownerOf } = await import('../../../operations/index.ts');
  const owner = ownerOf(home);
  if (owner === undefined) return { status: 'ok', detail: 'nobody: "ktrdr up" can have the home' };
  const { pid, since, address } = owner;
  const detail = [
    `process ${pid ?? 'unknown'}`,
    ...(since === undefined ? [] : [`since ${since}`]),
    ...(address === undefined ? [] : [`at ${address}`]),
  ].join(', ');
  if (address === undefined || address === api.url) return { status: 'ok', detail };
  return { status: 'warn', detail, advice: `Commands talk to ${api.url}: add --api ${address}, or set api.url.` };
}

export function lookAtToken({ access: given }: Pick<Settings, 'access'>): Finding {
  try {
    const token = readToken(given);
    if (token === undefined) return { status: 'ok', detail: `none yet: the first service makes it in ${given.file}` };
    return { status: 'ok', detail: given.token === undefined ? `${given.file}, private` : 'from KTRDR_TOKEN' };
  } catch (thrown) {
    return { status: 'fail', detail: KtrdrError.from(thrown).message };
  }
}
