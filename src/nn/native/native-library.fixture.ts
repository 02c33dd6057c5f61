import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { findNativeLibrary, type NativeLibrary } from './find-library.ts';

/** A folder whose `node_modules` has onnxruntime-node. */
const folder = process.env['KTRDR_TEST_ONNXRUNTIME'];

/**
 * The same library for WebAssembly, which has the same interface and comes with the tools of this project: slower, without
 * a binary, and good enough to try our graphs and our process with.
 */
export const portableLibrary: NativeLibrary = {
  path: createRequire(import.meta.url).resolve('onnxruntime-web'),
  version: 'for WebAssembly',
};

/** Makes a folder one in which that library is installed under the name that is looked for. */
export async function installPortableLibrary(folder: string): Promise<void> {
  const place = join(folder, 'node_modules', 'onnxruntime-node');
  await mkdir(place, { recursive: true });
  await writeFile(join(place, 'package.json'), JSON.stringify({ version: '9.8.7', main: 'index.cjs' }));
  await writeFile(join(place, 'index.cjs'), `module.exports = require(${JSON.stringify(portableLibrary.path)});`);
}

/** Of the user's, where there is one to test with. */
export const nativeLibrary = folder === undefined ? undefined : findNativeLibrary([folder]);

export const withoutNativeLibrary =
  'set KTRDR_TEST_ONNXRUNTIME to a folder whose node_modules has onnxruntime-node to test with it';
