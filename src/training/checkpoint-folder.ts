import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { KtrdrError, operationIdSchema, sha256Of, systemCode } from '../base/index.ts';
import { dayMs } from '../market/index.ts';

/** What the operation's record keeps of a checkpoint. */
export interface SavedCheckpoint {
  /** How many batches of the whole training it holds. */
  readonly batches: number;
  /** `<operation id>/<name>`, below the folder of all checkpoints. */
  readonly file: string;
  readonly sha256: string;
}

/** A checkpoint that was found but not yet read, so not yet known to be whole. */
export interface FoundCheckpoint extends SavedCheckpoint {
  /** @throws KtrdrError `data_corrupt` when it is not what was saved. */
  read(): Uint8Array;
}

/** The one before is kept in case the last one is damaged. */
const keptCheckpoints = 2;

const namePattern = /^batch-([1-9]\d*)-([0-9a-f]{64})\.safetensors$/;

/**
 * The checkpoints of one operation, in `<root>/<operation id>/`. The hash of a file's contents is part of its name: what
 * was damaged later does not pass for whole. It works synchronously, in a thread that has nobody else to serve.
 */
export class CheckpointFolder {
  readonly #root: string;
  readonly #operation: string;

  constructor(root: string, operation: string) {
    this.#root = root;
    this.#operation = operation;
  }

  /** On disk when it returns; all but the newest two are removed. @throws KtrdrError `failed_precondition` when the disk refuses. */
  write(batches: number, bytes: Uint8Array): SavedCheckpoint {
    const directory = join(this.#root, this.#operation);
    const sha256 = sha256Of(bytes);
    const name = `batch-${batches}-${sha256}.safetensors`;
    try {
      mkdirSync(directory, { recursive: true });
      replaceDurably(join(directory, name), bytes);
      syncFolder(directory);
      syncFolder(this.#root);
      const older = this.list().filter((found) => found.file !== this.#fileOf(name));
      for (const { file } of older.slice(keptCheckpoints - 1)) rmSync(join(this.#root, file), { force: true });
    } catch (thrown) {
      throw refusedByDisk(thrown, directory);
    }
    return { batches, file: this.#fileOf(name), sha256 };
  }

  /** Newest first. */
  list(): FoundCheckpoint[] {
    return namesIn(join(this.#root, this.#operation))
      .flatMap((name) => {
        const [, batches, sha256] = namePattern.exec(name) ?? [];
        if (batches === undefined || sha256 === undefined) return [];
        const read = (): Uint8Array => readWhole(join(this.#root, this.#operation, name), sha256);
        return [{ batches: Number(batches), file: this.#fileOf(name), sha256, read }];
      })
      .toSorted((a, b) => b.batches - a.batches);
  }

  remove(): void {
    rmSync(join(this.#root, this.#operation), { recursive: true, force: true });
  }

  #fileOf(name: string): string {
    return `${this.#operation}/${name}`;
  }
}

/**
 * Nobody continues from a checkpoint of so long ago. An operation that still runs writes to its folder now and then.
 */
const forgottenAfterMs = 7 * dayMs;

/** Removes the folders of operations that left nothing for a week. */
export function removeForgotten(root: string, now: number): void {
  mkdirSync(root, { recursive: true });
  for (const operation of namesIn(root)) {
    const path = join(root, operation);
    const changedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now;
    if (now - changedAt > forgottenAfterMs) rmSync(path, { recursive: true, force: true });
  }
}

/** The operation that a checkpoint's `file` belongs to; undefined for a text that is no such thing. */
export function operationOf(file: string): string | undefined {
  const [operation = '', name = '', ...rest] = file.split('/');
  const isWhole = rest.length === 0 && namePattern.test(name);
  return isWhole && operationIdSchema.safeParse(operation).success ? operation : undefined;
}

function replaceDurably(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.saving`;
  const file = openSync(temporary, 'w');
  try {
    for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}

/** Makes the names in a folder durable. Windows cannot sync a folder and does not need it. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (thrown) {
    const code = systemCode(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw thrown;
  }
}

function readWhole(path: string, sha256: string): Uint8Array {
  const bytes = readFileSync(path);
  if (sha256Of(bytes) === sha256) return bytes;
  throw new KtrdrError('data_corrupt', `The checkpoint "${path}" is damaged: it is not what was saved.`, {
    details: { path },
  });
}

function refusedByDisk(thrown: unknown, directory: string): unknown {
  const code = systemCode(thrown);
  if (code === undefined) return thrown;
  return new KtrdrError(
    'failed_precondition',
    `A checkpoint of the training cannot be written to ${directory} (${code}). Check the disk's space and permissions.`,
    { cause: thrown, details: { systemCode: code } },
  );
}
