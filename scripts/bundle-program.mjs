import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { rolldown } from 'rolldown';

/**
 * What stays outside of the bundle: binaries, what starts threads from files of its own, and what is large and needed
 * by few commands.
 */
const external = [/^@photostructure\/sqlite/, /^@stoqey\/ib/, /^apache-arrow/, /^pino/];

/**
 * Joins what was compiled to `dist/` into the few files of `dist/program/`, which start in a fraction of the time that
 * hundreds take. A file that the sources name by `new URL('./file', import.meta.url)` (a thread, the training kernel) is
 * put beside them under the same name.
 *
 * @returns the bytes of JavaScript that every command reads, and those that one reads besides that talks to the API
 */
export async function bundleProgram(root) {
  const target = join(root, 'dist', 'program');
  rmSync(target, { recursive: true, force: true });
  const options = bundleOptions(root);
  const inPieces = await rolldown(options);
  const groups = chunkGroups(root, await inPieces.generate());
  await inPieces.close();
  const build = await rolldown(options);
  const { output } = await build.write({
    ...outputOptions,
    dir: target,
    codeSplitting: { groups, includeDependenciesRecursively: false },
  });
  await build.close();
  const chunks = output.filter(({ type }) => type === 'chunk');
  // Where the folder is linked and not installed, nobody else makes it a program.
  chmodSync(join(target, 'main.js'), 0o755);
  writeFileSync(join(target, 'package.json'), '{ "type": "commonjs" }\n');
  writeFileSync(join(target, 'licences.txt'), licencesOf(chunks.flatMap(({ moduleIds }) => moduleIds)));
  const [client] = chunks.filter(({ name }) => name === 'client');
  return { start: sizeOf(closureOf(chunks, ['main.js'])), client: sizeOf([client]) };
}

const outputOptions = {
  // Node begins with such modules, and reads more of them, in less time than with those of ECMAScript.
  format: 'cjs',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
  minify: { compress: true, mangle: { keepNames: true }, codegen: { removeWhitespace: true } },
};

/** Short commands that ask the API read what the second group has, beside the first. */
const client = ['apps/cli/programs/ops.js', 'apps/cli/commands/ops.js', 'config/index.js'];

/**
 * What is read together is one file, since each file costs as much as thousands of lines: what every command reads, and
 * what those that talk to the API read besides.
 */
function chunkGroups(root, { output }) {
  const chunks = output.filter(({ type }) => type === 'chunk');
  const modulesOf = (names) => new Set(closureOf(chunks, names).flatMap(({ moduleIds }) => moduleIds));
  const paths = client.map((path) => join(root, 'dist', ...path.split('/')));
  const files = paths.map((path) => chunks.find(({ moduleIds }) => moduleIds.includes(path))?.fileName);
  if (files.includes(undefined)) throw new Error(`One of ${client.join(', ')} is loaded by nobody.`);
  const start = modulesOf(['main.js']);
  const beside = modulesOf(files);
  return [
    // A thread that needs a part of it does not run the entry.
    { name: 'start', test: (id) => start.has(id) && id !== entryOf(root) },
    { name: 'client', test: (id) => beside.has(id) && !start.has(id) },
  ];
}

const entryOf = (root) => join(root, 'dist', 'apps', 'cli', 'main.js');

function bundleOptions(root) {
  const compiled = join(root, 'dist') + sep;
  const entry = entryOf(root);
  const entries = new Set([entry]);
  return {
    cwd: root,
    platform: 'node',
    input: entry,
    preserveEntrySignatures: false,
    external,
    transform: { target: 'node20' },
    treeshake: {
      // Modules of ours only define things, but for those that are run.
      moduleSideEffects: (id) => entries.has(id),
    },
    plugins: [
      chainedZodApart(),
      {
        name: 'modules-of-node-when-used',
        // A package of the older kind requires for itself, where the rest has the imports of its chunk.
        transform: withModulesOfNodeWhenUsed,
        renderChunk: withModulesOfNodeWhenUsed,
      },
      {
        name: 'files-beside',
        transform(code, id) {
          if (!id.startsWith(compiled)) return;
          for (const [, file] of code.matchAll(/new URL\('\.\/([\w.-]+)', import\.meta\.url\)/g)) {
            const path = join(dirname(id), file);
            if (!file.endsWith('.js')) {
              this.emitFile({ type: 'asset', fileName: file, source: readFileSync(path) });
            } else if (path !== entry) {
              entries.add(path);
              this.emitFile({ type: 'chunk', id: path, fileName: file });
            }
          }
        },
      },
    ],
  };
}

/**
 * The chained form of zod has the core to itself: of a core that both forms share, the small one would bring along what
 * only the other uses. Schemas of one form hold and check those of the other all the same.
 */
function chainedZodApart() {
  const mark = '?chained';
  return {
    name: 'chained-zod-apart',
    async resolveId(source, importer, options) {
      if (source !== 'zod' && importer?.endsWith(mark) !== true) return null;
      const resolved = await this.resolve(source, importer?.replace(mark, ''), { ...options, skipSelf: true });
      return resolved && `${resolved.id}${mark}`;
    },
    load(id) {
      return id.endsWith(mark) ? readFileSync(id.replace(mark, ''), 'utf8') : null;
    },
  };
}

/**
 * A module of Node is loaded when something of it is used for the first time: a short command uses few of them. The
 * process itself is there anyway, and its functions want to be called on it.
 */
function withModulesOfNodeWhenUsed(code) {
  return code.replaceAll(
    /^(?:let|const) (\w+) = require\(["'](node:(?!process)[\w/]+)["']\);$/gm,
    (line, name, module) => {
      const use = new RegExp(`\\b${name}\\b(?:\\.(\\w+)\\b(?!\\s*(?:[^\\s\\w=!<>]{0,3}=(?![=>])|\\+\\+|--)))?`, 'g');
      const uses = [...code.matchAll(use)].slice(1);
      // What is used as a whole, as by a default import, or assigned to, is there from the beginning.
      if (uses.some(([, member]) => member === undefined)) return line;
      const members = [...new Set(uses.map(([, member]) => member))];
      const getters = members.map(
        (member) => `get ${member}() { return (loaded ??= require('${module}')).${member}; }`,
      );
      return `const ${name} = ((loaded) => ({ ${getters.join(', ')} }))();`;
    },
  );
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

/** The chunks of these names and all that they import before they run. */
function closureOf(chunks, names) {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const read = new Set();
  const visit = (name) => {
    const chunk = byName.get(name);
    if (chunk === undefined || read.has(chunk)) return;
    read.add(chunk);
    chunk.imports.forEach(visit);
  };
  names.forEach(visit);
  return [...read];
}

function sizeOf(chunks) {
  return chunks.reduce((sum, { code }) => sum + Buffer.byteLength(code), 0);
}
