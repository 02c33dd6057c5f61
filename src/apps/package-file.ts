import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The path of a file or folder that comes with the package, for example `examples/strategies`. */
export function packageFile(...path: string[]): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  // How deep this module lies is up to the build.
  while (!existsSync(join(folder, ...path)) && folder !== dirname(folder)) folder = dirname(folder);
  return join(folder, ...path);
}
