import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { z } from 'zod';
import { KtrdrError, parse } from '../../base/index.ts';

const packageName = 'onnxruntime-node';

/** A package that the user installed. */
export interface NativeLibrary {
  /** The file that it is entered by. */
  readonly path: string;
  readonly version: string;
}

/**
 * Looks for onnxruntime-node beside this program, then in the `node_modules` of the folders; loads nothing of it.
 * @throws KtrdrError `failed_precondition` where it is not, with the command that installs it.
 */
export function findNativeLibrary(folders: readonly string[]): NativeLibrary {
  const places = [import.meta.url, ...folders.map((folder) => join(folder, 'package.json'))];
  for (const place of places) {
    const { resolve } = createRequire(place);
    const found = orUndefined(() => ({ path: resolve(packageName), about: resolve(`${packageName}/package.json`) }));
    if (found !== undefined) return { path: found.path, version: versionIn(found.about) };
  }
  const prefix = folders[0] === undefined ? '' : ` --prefix ${JSON.stringify(folders[0])}`;
  throw new KtrdrError(
    'failed_precondition',
    `The native backend computes with the package ${packageName}, which is installed neither beside ktrdr nor in ${folders.join(' nor in ') || 'any other folder'}. ` +
      `Install it (npm install${prefix} --ignore-scripts ${packageName}), or set KTRDR_TRAINING_BACKEND to auto.`,
  );
}

const packageSchema = z.object({ version: z.string() });

function versionIn(file: string): string {
  return parse(packageSchema, JSON.parse(readFileSync(file, 'utf8')), file).version;
}

function orUndefined<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
