import { KtrdrError } from '../../base/index.ts';

/** A test holds it against package.json. */
export const oldestNode = '20.19.0';

/** @param version as `process.version` has it */
export function isTooOld(version: string): boolean {
  const parts = (text: string): number[] => text.replace(/^v/, '').split('.').map(Number);
  const [major = 0, minor = 0] = parts(version);
  const [leastMajor = 0, leastMinor = 0] = parts(oldestNode);
  return major < leastMajor || (major === leastMajor && minor < leastMinor);
}

/** An older Node runs some commands, and ends others with an error that nobody understands. */
export function refuseOldNode(version: string): void {
  if (!isTooOld(version)) return;
  const what = `ktrdr needs Node ${oldestNode} or newer, and this is ${version}. Install a newer one.`;
  throw new KtrdrError('failed_precondition', what);
}
