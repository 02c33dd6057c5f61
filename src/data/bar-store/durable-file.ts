import { mkdir, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { KtrdrError, syncFolder, systemCode, writeNewFile } from '../../base/index.ts';

let temporaryFiles = 0;

/**
 * Replaces a file as a whole: after a crash at any moment it holds either its old content or the new one. Resolves when
 * content and name are on the disk.
 * @throws KtrdrError `failed_precondition` when the disk refuses (full, read-only, no permission).
 */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  temporaryFiles += 1;
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}-${temporaryFiles}.tmp`);
  await guarded(`write ${path}`, async () => {
    try {
      await writeNewFile(temporary, bytes);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(dirname(path));
  });
}

/** Removes a file for good; one that is not there is no error. */
export async function removeFile(path: string): Promise<void> {
  await guarded(`remove ${path}`, async () => {
    await rm(path, { force: true });
    await syncFolder(dirname(path));
  });
}

/** Removes a folder that is empty; leaves one that is not. */
export async function removeEmptyFolder(path: string): Promise<void> {
  await guarded(`remove ${path}`, async () => {
    try {
      await rmdir(path);
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(systemCode(error) ?? '')) throw error;
    }
  });
}

/** Makes a folder, and those above it that are missing, durably. */
export async function makeFolder(path: string): Promise<void> {
  await guarded(`make the folder ${path}`, async () => {
    const firstMade = await mkdir(path, { recursive: true });
    if (firstMade === undefined) return;
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      await syncFolder(folder);
      if (folder === dirname(firstMade) || folder === dirname(folder)) return;
    }
  });
}

/** The content of a file, or undefined when there is none. */
export async function readFileIfPresent(path: string): Promise<Uint8Array | undefined> {
  return guarded(`read ${path}`, () => ifPresent(readFile(path)));
}

/** The last bytes of a file, or undefined when there is none. */
export async function readTailIfPresent(path: string, length: number): Promise<Uint8Array | undefined> {
  return guarded(`read ${path}`, async () => {
    const file = await ifPresent(open(path, 'r'));
    if (file === undefined) return undefined;
    try {
      const { size } = await file.stat();
      const tail = new Uint8Array(Math.min(length, size));
      const { bytesRead } = await file.read(tail, 0, tail.length, size - tail.length);
      return tail.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  });
}

/** The names in a folder, in order; none when there is no such folder. */
export async function readFolder(path: string): Promise<string[]> {
  const names = await guarded(`read the folder ${path}`, () => ifPresent(readdir(path)));
  return (names ?? []).sort((a, b) => (a < b ? -1 : 1));
}

/** Removes what writers that died have left behind below a folder. Nothing may be writing there. */
export async function removeTemporaryFiles(root: string): Promise<void> {
  await guarded(`clean the folder ${root}`, async () => {
    const names = await readdir(root, { recursive: true });
    const left = names.filter((name) => /^\..+\.\d+-\d+\.tmp$/.test(basename(name)));
    await Promise.all(left.map((name) => rm(join(root, name), { force: true })));
  });
}

async function ifPresent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}

async function guarded<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw new KtrdrError(
      'failed_precondition',
      `The bar store cannot ${what} (${code}). Check the disk's space and permissions, then try again.`,
      {
        cause: error,
        details: { systemCode: code },
      },
    );
  }
}
