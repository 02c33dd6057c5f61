// Copies a home while its API runs: node examples/operating/copy-home.mjs HOME COPY
//
// Records of operations are copied by the database itself, at one moment. A series of bars is copied until nothing was
// written meanwhile; its log, to which a load may add all the time, by itself. A model never changes.
import { copyFile, cp, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';

const [home, copy] = process.argv.slice(2);
if (home === undefined || copy === undefined) {
  console.error('usage: node examples/operating/copy-home.mjs HOME COPY');
  process.exit(2);
}

const mostTries = 20;

await mkdir(copy, { mode: 0o700 });
// First the records: what they tell of is then in the copy, too.
copyRecords(join(home, 'operations.db'), join(copy, 'operations.db'));
for (const series of await seriesOf(join(home, 'bars'))) await copySeries(series);
await copyFolder('models');
await copyFolder('checkpoints');
for (const file of ['token', 'config.yaml']) await copyIfThere(file);
console.log(`copied ${home} to ${copy}`);

function copyRecords(from, to) {
  const records = new DatabaseSync(from, { readOnly: true });
  try {
    records.prepare('VACUUM INTO ?').run(to);
  } finally {
    records.close();
  }
}

/** The folders that have a manifest, as paths below `bars`. */
async function seriesOf(bars) {
  const found = await readdir(bars, { recursive: true });
  return found.filter((path) => /(^|[\\/])series\.json$/.test(path)).map((path) => join('bars', path, '..'));
}

/** The manifest names the files that count; where it is the same before and after, they are those that were copied. */
async function copySeries(series) {
  const manifest = join(home, series, 'series.json');
  for (let tries = 0; tries < mostTries; tries += 1) {
    const before = await readFile(manifest, 'utf8');
    await rm(join(copy, series), { recursive: true, force: true });
    const isWhole = await cp(join(home, series), join(copy, series), { recursive: true }).then(
      () => true,
      (error) => refuseUnlessGone(error),
    );
    const isNamed = isWhole && (await copyLog(series, JSON.parse(before).series?.log));
    if (isNamed && (await readFile(manifest, 'utf8')) === before) return;
  }
  throw new Error(`${series} was written anew at each of ${mostTries} tries; copy it when its load has ended.`);
}

/** Begins with how far it goes, so it must not grow between the beginning and the end of its copy. */
async function copyLog(series, name) {
  if (name === undefined) return true;
  const log = join(home, series, name);
  for (let tries = 0; tries < mostTries; tries += 1) {
    const before = await stat(log).catch(refuseUnlessGone);
    if (before === false || (await copyFile(log, join(copy, series, name)).catch(refuseUnlessGone)) === false)
      return false;
    if ((await stat(log).catch(refuseUnlessGone)).size === before.size) return true;
  }
  return false;
}

/** A file that went while it was copied belongs to what is superseded or unfinished; the next try finds what is there. */
function refuseUnlessGone(error) {
  if (error.code !== 'ENOENT') throw error;
  return false;
}

async function copyFolder(name) {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const isWhole = await cp(join(home, name), join(copy, name), { recursive: true }).then(
      () => true,
      (error) => refuseUnlessGone(error),
    );
    if (isWhole) return;
  }
  throw new Error(`${name} changed at each of ${mostTries} tries; copy it when what runs has ended.`);
}

async function copyIfThere(name) {
  await cp(join(home, name), join(copy, name)).catch(refuseUnlessGone);
}
