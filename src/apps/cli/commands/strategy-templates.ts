import { readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { packageFile } from '../../package-file.ts';

const folder = packageFile('examples', 'strategies');

/** What a strategy may begin with. */
export async function strategyTemplates(): Promise<string[]> {
  return (await readdir(folder)).flatMap((file) => (extname(file) === '.yaml' ? [basename(file, '.yaml')] : []));
}

export function templateFile(name: string): string {
  return join(folder, `${name}.yaml`);
}
