import { statfs } from 'node:fs/promises';
import { KtrdrError } from '../../base/index.ts';

/** Left to others on the disk, and for what a file system needs beside the bytes of a file. */
const reserveBytes = 4 * 2 ** 20;

/**
 * Looks whether a disk has room before anything is written to it.
 * @throws KtrdrError `failed_precondition` that names what is needed and what is free.
 */
export async function requireSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes + reserveBytes) return;
  throw new KtrdrError(
    'failed_precondition',
    `The disk that holds the bar store has too little space: ${inMiB(bytes + reserveBytes)} are needed, ${inMiB(free)} are free. Make room, then try again; nothing was changed.`,
    { details: { needed: bytes + reserveBytes, free } },
  );
}

function inMiB(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
