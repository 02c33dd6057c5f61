import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock, type CancellationToken, type Clock } from '../async/index.ts';
import { KtrdrError, parse, silentLogger, type Logger, suggestion, syncFolder, writeNewFile } from '../base/index.ts';
import { writeFolder } from './write-folder.ts';
import { foldersIn, ifThere, refusedByDisk } from './model-disk.ts';
import {
  modelFiles,
  readMetadata,
  readModel,
  readModelInfo,
  readModelWeights,
  readPiece,
  verifyModel,
  type FileFault,
  type ModelFileName,
  type ModelToSave,
} from './model-folder.ts';
import { receiveModel, type ModelSource } from './receive-model.ts';
import type { ModelAddress, ModelInfo, ModelName, StoredModel, TrainedModelName } from './model-record.ts';
import { nameSchema } from '../strategies/index.ts';

interface ModelStoreOptions {
  readonly clock?: Pick<Clock, 'now'>;
  readonly log?: Logger;
}

const versionPattern = /^v[1-9]\d{0,8}$/;
/** Stays behind where a version was, so that no other model ever gets its number. */
const removedSuffix = '.removed';
const temporaryPrefix = '.saving-';
const strayAfterMs = 3_600_000;

/**
 * Trained models in folders `<strategy>/<version>/`. A model appears as a whole or not at all, and once it is there it
 * never changes.
 */
export class ModelStore {
  readonly #root: string;
  readonly #log: Logger;

  private constructor(root: string, log: Logger) {
    this.#root = root;
    this.#log = log;
  }

  /** Opens the folder, making it where there is none, and clears away what crashed savers left behind. */
  static async open(
    directory: string,
    { clock = systemClock, log = silentLogger }: ModelStoreOptions = {},
  ): Promise<ModelStore> {
    await mkdir(directory, { recursive: true });
    for (const name of await foldersIn(directory)) {
      if (!name.startsWith(temporaryPrefix)) continue;
      const path = join(directory, name);
      // A young one may belong to another process that is saving right now, and be gone a moment later.
      const changedAt = (await ifThere(stat(path)))?.mtimeMs ?? Infinity;
      if (clock.now() - changedAt > strayAfterMs) await rm(path, { recursive: true, force: true });
    }
    return new ModelStore(directory, log);
  }

  /**
   * Stores a model under the next free version; on disk when this resolves. Savers of one name, in any number of
   * processes, get versions of their own.
   * @throws KtrdrError `invalid_input` for a name that cannot be a folder's, or weights that do not fit the model;
   * `failed_precondition` when the disk refuses.
   */
  async save(model: ModelToSave): Promise<ModelAddress> {
    const name = parse(nameSchema, model.metadata.strategyName, 'The name of the model');
    const files = modelFiles(model);
    return this.#add(name, (folder) => writeFolder(folder, files));
  }

  /**
   * Takes over a model of another store as it is there, to the last bit, under its number where that is higher than all
   * of this name here, and under the next one otherwise; on disk when this resolves.
   * @throws KtrdrError what the source throws; `data_corrupt` when what came is not, to the last bit, the model that was
   * expected; `cancelled`; `failed_precondition` when the disk refuses. Nothing of the model is kept then.
   */
  async adopt(source: ModelSource, token: CancellationToken): Promise<ModelAddress> {
    const name = parse(nameSchema, source.name, 'The name of the model');
    const leastNumber = versionPattern.test(source.version) ? numberOf(source.version) : 1;
    return this.#add(name, (folder) => receiveModel(folder, source, token), leastNumber);
  }

  /** By name, the newest version of each first. One that cannot be read is left out, and `onUnreadable` hears of it. */
  async list(onUnreadable?: (model: UnreadableModel) => void): Promise<ModelInfo[]> {
    const models: ModelInfo[] = [];
    for (const name of await this.#names()) {
      for (const version of (await this.#versions(name)).reverse()) {
        const directory = join(this.#root, name, version);
        try {
          models.push(await readModelInfo({ name, version, directory }));
        } catch (thrown) {
          const error = KtrdrError.from(thrown);
          if (!isUnreadable(error)) throw thrown;
          const { fault } = error.details;
          this.#log.warn('a model cannot be read', { model: name, version, error: error.message });
          onUnreadable?.({ name, version, problem: typeof fault === 'string' ? fault : error.message });
        }
      }
    }
    return models;
  }

  /** The model that an operation has trained, if it is there and undamaged. */
  async trainedBy({ name: given, ...trained }: TrainedModelName): Promise<ModelName | undefined> {
    const name = await this.#heldName(parse(nameSchema, given, 'The name of the model'));
    // Others may have saved under the same name since.
    for (const version of (await this.#versions(name)).reverse()) {
      const address = { name, version, directory: join(this.#root, name, version) };
      if ((await isOf(address, trained)) && (await verifyModel(address)).length === 0) return { name, version };
    }
    return undefined;
  }

  /**
   * @throws KtrdrError `not_found`; `data_corrupt` when a file of the model is not what was saved; `failed_precondition`
   * when it is of another format than this program reads.
   */
  async get(name: string, version = 'latest'): Promise<StoredModel> {
    return readModel(await this.#find(name, version));
  }

  /**
   * The weights in the layout of `Trainer.exportWeights`.
   * @throws KtrdrError `not_found`; `data_corrupt` when they are not, to the last bit, what was saved.
   */
  async readWeights(name: string, version = 'latest'): Promise<Float32Array> {
    return readModelWeights(await this.#find(name, version));
  }

  /**
   * A piece of one file for whoever takes the model over: see `readPiece`.
   * @throws KtrdrError `not_found`; `data_corrupt` when the file is not there.
   */
  async readPiece({ name, version }: ModelName, file: ModelFileName, from: number): Promise<Uint8Array> {
    return readPiece(await this.#find(name, version), file, from);
  }

  /**
   * Reads every file of one model again, of all versions of a name, or of all models.
   * @throws KtrdrError `not_found`.
   */
  async verify(name?: string, version?: string): Promise<VerifiedModel[]> {
    const found = name === undefined ? undefined : await this.#find(name, version ?? 'latest');
    const addresses =
      found === undefined
        ? await this.#addresses()
        : version === undefined
          ? (await this.#addresses()).filter((address) => address.name === found.name)
          : [found];
    const verified: VerifiedModel[] = [];
    for (const address of addresses) {
      const { directory: _, ...of } = address;
      verified.push({ ...of, faults: await verifyModel(address) });
    }
    return verified;
  }

  /**
   * Removes one version. It is gone as a whole or not at all, and its number is never used again.
   * @throws KtrdrError `not_found`; `failed_precondition` when the disk refuses.
   */
  async remove(name: string, version: string): Promise<ModelName> {
    const address = await this.#find(name, version);
    const home = join(this.#root, address.name);
    const removed = join(this.#root, `${temporaryPrefix}${randomBytes(8).toString('hex')}`);
    try {
      await writeNewFile(join(home, `${address.version}${removedSuffix}`), new Uint8Array(0));
      await rename(address.directory, removed);
      await syncFolder(home);
      await rm(removed, { recursive: true });
    } catch (thrown) {
      throw refusedByDisk(thrown, address.directory, 'removed');
    }
    return { name: address.name, version: address.version };
  }

  /** What `write` leaves in a new folder becomes a version of this name, as a whole or not at all. */
  async #add(name: string, write: (folder: string) => Promise<void>, leastNumber = 1): Promise<ModelAddress> {
    const temporary = join(this.#root, `${temporaryPrefix}${randomBytes(8).toString('hex')}`);
    const home = join(this.#root, name);
    try {
      await write(temporary);
      await mkdir(home, { recursive: true });
      const version = await this.#publish(temporary, name, leastNumber);
      await syncFolder(home);
      await syncFolder(this.#root);
      const held = await this.#heldName(name);
      return { name: held, version, directory: join(this.#root, held, version) };
    } catch (thrown) {
      await rm(temporary, { recursive: true, force: true }).catch(() => {});
      throw refusedByDisk(thrown, home);
    }
  }

  async #publish(temporary: string, name: string, leastNumber: number): Promise<string> {
    for (;;) {
      const version = `v${Math.max(leastNumber, (await this.#newest(name)) + 1)}`;
      try {
        // Fails when another saver took this version meanwhile, because no model's folder is empty.
        await rename(temporary, join(this.#root, name, version));
        return version;
      } catch (thrown) {
        if (!(await this.#versions(name)).includes(version)) throw thrown;
      }
    }
  }

  async #find(given: string, version: string): Promise<ModelAddress> {
    // Looked up among what is there: what somebody typed never becomes a path.
    const names = await this.#names();
    const name = nameSchema.safeParse(given).success ? await this.#heldName(given) : given;
    if (!names.includes(name)) {
      const hint = names.length === 0 ? 'there is none yet; train one first.' : suggestion(name, names);
      throw new KtrdrError('not_found', `There is no model "${name}"; ${hint}`);
    }
    const versions = await this.#versions(name);
    const found = version === 'latest' ? versions.at(-1) : versions.find((held) => held === version);
    if (found === undefined) {
      const known = versions.join(', ');
      throw new KtrdrError(
        'not_found',
        `The model "${name}" has no version "${version}"; use latest or one of ${known}.`,
      );
    }
    return { name, version: found, directory: join(this.#root, name, found) };
  }

  /** A name as the folder has it, which others lead to as well where the file system ignores case. */
  async #heldName(name: string): Promise<string> {
    const names = await foldersIn(this.#root);
    if (names.includes(name) || (await ifThere(stat(join(this.#root, name)))) === undefined) return name;
    return names.find((held) => held.toLowerCase() === name.toLowerCase()) ?? name;
  }

  async #addresses(): Promise<ModelAddress[]> {
    const addresses: ModelAddress[] = [];
    for (const name of await this.#names()) {
      for (const version of await this.#versions(name)) {
        addresses.push({ name, version, directory: join(this.#root, name, version) });
      }
    }
    return addresses;
  }

  /** The highest number that a version of this name has or had. */
  async #newest(name: string): Promise<number> {
    const entries = (await ifThere(readdir(join(this.#root, name)))) ?? [];
    const taken = entries
      .map((entry) => entry.replace(removedSuffix, ''))
      .filter((entry) => versionPattern.test(entry));
    return taken.reduce((most, version) => Math.max(most, numberOf(version)), 0);
  }

  /** Sorted; only those with a version. */
  async #names(): Promise<string[]> {
    const names: string[] = [];
    for (const name of await foldersIn(this.#root)) {
      if (nameSchema.safeParse(name).success && (await this.#versions(name)).length > 0) names.push(name);
    }
    return names.sort();
  }

  /** Oldest first. */
  async #versions(name: string): Promise<string[]> {
    const folders = await foldersIn(join(this.#root, name));
    return folders.filter((folder) => versionPattern.test(folder)).sort((a, b) => numberOf(a) - numberOf(b));
  }
}

/** A model by its name, and what is wrong with its files. */
export interface VerifiedModel extends ModelName {
  faults: FileFault[];
}

/** A model that is left out of a list, and why. */
export interface UnreadableModel extends ModelName {
  problem: string;
}

/** Whether the metadata of a model say that it is the one of this training. */
async function isOf(
  address: ModelAddress,
  { operation, weightsSha256 }: Omit<TrainedModelName, 'name'>,
): Promise<boolean> {
  try {
    const metadata = await readMetadata(address);
    return metadata.operation === operation && metadata.weightsSha256 === weightsSha256;
  } catch (thrown) {
    if (!isUnreadable(KtrdrError.from(thrown))) throw thrown;
    return false;
  }
}

/** Damaged, or of another format. */
function isUnreadable({ code }: KtrdrError): boolean {
  return code === 'data_corrupt' || code === 'failed_precondition' || code === 'permission_denied';
}

function numberOf(version: string): number {
  return Number(version.slice(1));
}
