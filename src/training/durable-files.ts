import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes a new folder with these files; on disk when this resolves. */
export async function writeFolder(path: string, contents: ReadonlyMap<string, Uint8Array>): Promise<void> {
  await mkdir(path);
  for (const [name, bytes] of contents) await writeNew(join(path, name), bytes);
  await syncFolder(path);
}

/** Makes the names in a folder durable. Windows cannot sync a folder and does not need it. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}
