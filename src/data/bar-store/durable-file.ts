import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { KtrdrError, syncFolder, systemCode, writeNewFile } from '../../base/index.ts';

let temporaryFiles = 0;

/**
 * Replaces a file as a whole: after a crash at any moment it holds either its old content or the new one. Resolves when
 * content and name are on the disk.
 * @throws KtrdrError `failed_precondition` when the disk refuses (full, read-only, no permission).
 */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  await placeFile(path, bytes);
  await syncNames(dirname(path));
}

/** As `replaceFile`, but the name is on the disk only after `syncNames`. */
export async function placeFile(path: string, bytes: Uint8Array | readonly Uint8Array[]): Promise<void> {
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
  });
}

/** Makes the names in a folder durable. */
export async function syncNames(folder: string): Promise<void> {
  await guarded(`write the folder ${folder}`, () => syncFolder(folder));
}

/** Makes a file that is not there yet, or replaces one that nobody was promised. Content and name are on the disk when it resolves. */
export async function createDurably(path: string, bytes: Uint8Array): Promise<void> {
  await guarded(`write ${path}`, async () => {
    await rm(path, { force: true });
    try {
      await writeNewFile(path, bytes);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    await syncFolder(dirname(path));
  });
}

/** Bytes that take the place of others in a file. */
export interface Overwriting {
  readonly bytes: Uint8Array;
  readonly position: number;
}

/**
 * Writes behind the first `length` bytes of a file, for good. When it fails the file is cut back to those, unless the
 * disk refuses that, too. `afterwards` is written when the bytes are on the disk, and comes there itself with the next ones.
 */
export async function appendDurably(
  path: string,
  bytes: Uint8Array,
  { length, afterwards }: { length: number; afterwards?: Overwriting },
): Promise<void> {
  await guarded(`write ${path}`, async () => {
    const file = await open(path, 'r+');
    try {
      await append(file, bytes, length);
      if (afterwards !== undefined) await writeFully(file, afterwards.bytes, afterwards.position);
    } finally {
      await file.close();
    }
  });
}

async function append(file: FileHandle, bytes: Uint8Array, length: number): Promise<void> {
  try {
    await file.truncate(length);
    await writeFully(file, bytes, length);
    await file.datasync();
  } catch (error) {
    await file.truncate(length).catch(() => undefined);
    throw error;
  }
}

/** Removes a file for good; one that is not there is no error. */
export async function removeFile(path: string): Promise<void> {
  await guarded(`remove ${path}`, async () => {
    await rm(path, { force: true });
    await syncFolder(dirname(path));
  });
}

/** Removes files that no longer count. One that the system does not let go of stays, and is tried again later. */
export async function sweepFiles(folder: string, names: readonly string[]): Promise<void> {
  await Promise.all(names.map((name) => rm(join(folder, name), { force: true }).catch(() => undefined)));
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

/** A file open for reading, or undefined when there is none. */
export async function openIfPresent(path: string): Promise<FileHandle | undefined> {
  return guarded(`read ${path}`, () => ifPresent(open(path, 'r')));
}

/** Tells a file from every other that had its name; undefined when there is none. */
export async function identityOf(path: string): Promise<string | undefined> {
  return guarded(`read ${path}`, async () => {
    const found = await ifPresent(stat(path, { bigint: true }));
    return found === undefined ? undefined : `${found.ino} ${found.mtimeNs} ${found.size}`;
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

async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
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
