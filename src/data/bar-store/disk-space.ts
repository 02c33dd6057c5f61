import { statfs } from 'node:fs/promises';
import { KtrdrError, systemCode } from '../../base/index.ts';

/** Left to others on the disk, and for what a file system needs beside the bytes of a file. */
const reserveBytes = 4 * 2 ** 20;

/**
 * Looks whether a disk has room before anything is written to it.
 * @throws KtrdrError `failed_precondition` that names what is needed and what is free.
 */
export async function requireSpace(folder: string, bytes: number): Promise<void> {
  const free = await freeBytes(folder);
  if (free === undefined || free >= bytes + reserveBytes) return;
  throw new KtrdrError(
    'failed_precondition',
    `The disk that holds the bar store has too little space: ${inMiB(bytes + reserveBytes)} are needed, ${inMiB(free)} are free. Make room, then try again; nothing was changed.`,
    { details: { needed: bytes + reserveBytes, free } },
  );
}

/**
 * Undefined where the system does not tell: file systems of networks and sandboxes refuse to, or say that they have no
 * blocks at all. The write itself then finds out, and leaves the series as it was.
 */
async function freeBytes(folder: string): Promise<number | undefined> {
  try {
    const { blocks, bavail, bsize } = await statfs(folder);
    return blocks === 0 ? undefined : bavail * bsize;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

function inMiB(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
