import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { rolldown } from 'rolldown';

/**
 * What stays outside of the bundle: binaries, what starts threads from files of its own, and what is large and needed
 * by few commands.
 */
const external = [/^@photostructure\/sqlite/, /^@stoqey\/ib/, /^apache-arrow/, /^hyparquet/, /^pino/];

/**
 * Joins what was compiled to `dist/` into the few files of `dist/program/`, which start in a fraction of the time that
 * hundreds take. A file that the sources name by `new URL('./file', import.meta.url)` (a thread, the training kernel) is
 * put beside them under the same name.
 *
 * @returns the bytes of JavaScript that are read before the program knows which command it is to run
 */
export async function bundleProgram(root) {
  const compiled = join(root, 'dist') + sep;
  const target = join(root, 'dist', 'program');
  const entry = join(root, 'dist', 'apps', 'cli', 'main.js');
  const entries = new Set([entry]);
  rmSync(target, { recursive: true, force: true });
  const build = await rolldown({
    cwd: root,
    platform: 'node',
    input: entry,
    external,
    transform: { target: 'node20' },
    treeshake: {
      // Modules of ours only define things, but for those that are run.
      moduleSideEffects: (id) => entries.has(id),
    },
    resolve: { alias: { undici: join(root, 'scripts', 'undici-pool.mjs') } },
    plugins: [
      {
        name: 'files-beside',
        transform(code, id) {
          if (!id.startsWith(compiled)) return;
          for (const [, file] of code.matchAll(/new URL\('\.\/([\w.-]+)', import\.meta\.url\)/g)) {
            const path = join(dirname(id), file);
            if (!file.endsWith('.js')) {
              this.emitFile({ type: 'asset', fileName: file, source: readFileSync(path) });
            } else if (!entries.has(path)) {
              entries.add(path);
              this.emitFile({ type: 'chunk', id: path, fileName: file });
            }
          }
        },
      },
    ],
  });
  const { output } = await build.write({
    dir: target,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
  });
  await build.close();
  const chunks = output.filter(({ type }) => type === 'chunk');
  writeFileSync(join(target, 'licences.txt'), licencesOf(chunks.flatMap(({ moduleIds }) => moduleIds)));
  return bytesAtStart(chunks);
}

/** The licences of the packages whose code is in the bundle. */
function licencesOf(moduleIds) {
  const packages = new Set(
    moduleIds.flatMap((id) => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0] ?? []),
  );
  return [...packages]
    .toSorted((one, other) => one.localeCompare(other))
    .map((path) => {
      const { name, version, license } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
      const file = readdirSync(path).find((entry) => /^licen[cs]e/i.test(entry));
      const text = file === undefined ? '' : `\n\n${readFileSync(join(path, file), 'utf8').trim()}`;
      return `${name} ${version} (${license})${text}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

/** Of the entry and all that it imports before it runs. */
function bytesAtStart(chunks) {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const read = new Set();
  const visit = (name) => {
    const chunk = byName.get(name);
    if (chunk === undefined || read.has(chunk)) return;
    read.add(chunk);
    chunk.imports.forEach(visit);
  };
  visit('main.js');
  return [...read].reduce((sum, { code }) => sum + Buffer.byteLength(code), 0);
}
