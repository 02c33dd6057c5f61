import { open } from 'node:fs/promises';

/**
 * Makes a file that must not exist yet, from bytes or from parts that follow each other. Its content is on the disk when
 * this resolves; its name is once the folder is synced.
 */
export async function writeNewFile(path: string, bytes: Uint8Array | readonly Uint8Array[]): Promise<void> {
  const file = await open(path, 'wx');
  try {
    for (const part of bytes instanceof Uint8Array ? [bytes] : bytes) await file.writeFile(part);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the names in a folder durable. Windows cannot open a folder and keeps its own journal. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
