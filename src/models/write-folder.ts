import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, writeNewFile } from '../base/index.ts';

/** Makes a new folder with these files; on disk when this resolves. */
export async function writeFolder(path: string, contents: ReadonlyMap<string, Uint8Array>): Promise<void> {
  await mkdir(path);
  for (const [name, bytes] of contents) await writeNewFile(join(path, name), bytes);
  await syncFolder(path);
}
