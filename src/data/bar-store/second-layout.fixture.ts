import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { extentBytes } from './log-extent.ts';

/** Makes a series what version 2 wrote: a manifest that names no log, and a log that does not say how far it goes. */
export async function asSecondLayout(folder: string): Promise<void> {
  const manifest = join(folder, 'series.json');
  const { series } = JSON.parse(await readFile(manifest, 'utf8')) as { series: Record<string, unknown> };
  if (series['version'] === 2) return;
  const { log: _, ...rest } = series;
  const older = { ...rest, version: 2 };
  const sha256 = createHash('sha256').update(JSON.stringify(older)).digest('hex');
  await writeFile(manifest, JSON.stringify({ sha256, series: older }));
  for (const name of (await readdir(folder)).filter((file) => file.startsWith('newest.')))
    await writeFile(join(folder, name), (await readFile(join(folder, name))).subarray(extentBytes));
}
