// Fails when a room imports against the direction of the house, past another room's door, or in a circle of rooms.
// The rooms and what each may import are listed here and nowhere else; docs/architecture.md shows the same table.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseSync } from 'oxc-parser';

const generic = ['base', 'async', 'operations', 'service'];

/** A room may import itself and these. */
export const rooms = {
  base: [],
  async: ['base'],
  operations: ['base', 'async'],
  service: ['base', 'async', 'operations'],
  market: ['base'],
  data: ['base', 'async', 'operations', 'market'],
  ib: [...generic, 'market', 'data'],
  indicators: ['base', 'market'],
  fuzzy: ['base'],
  nn: ['base'],
  strategies: ['base', 'market', 'indicators', 'fuzzy', 'nn'],
  samples: ['base', 'async', 'market', 'indicators', 'fuzzy', 'nn', 'strategies'],
  models: ['base', 'async', 'market', 'indicators', 'fuzzy', 'nn', 'strategies', 'samples'],
  training: [...generic, 'market', 'indicators', 'fuzzy', 'nn', 'strategies', 'samples', 'models'],
  config: ['base'],
  apps: [
    ...generic,
    'market',
    'data',
    'ib',
    'indicators',
    'nn',
    'strategies',
    'samples',
    'models',
    'training',
    'config',
  ],
};

const tradingWords =
  /\b(symbols?|tickers?|bars?|candles?|timeframes?|strategy|strategies|gateways?|brokers?|trad(e|es|ing))\b/i;

/** What is wrong with one source file, as sentences. `path` is relative to the source root, with forward slashes. */
export function faultsOf(path, source) {
  const room = path.split('/')[0];
  const allowed = rooms[room];
  if (allowed === undefined) return [`${path}: "${room}" is not a room of the house`];
  const faults = [];
  for (const specifier of importsOf(path, source).filter((name) => name.startsWith('.'))) {
    const target = resolve('/', dirname(path), specifier).slice(1).split(sep).join('/');
    const [targetRoom] = target.split('/');
    if (targetRoom === room) continue;
    if (!allowed.includes(targetRoom))
      faults.push(`${path}: the room "${room}" must not import "${targetRoom}" (${specifier})`);
    else if (target !== `${targetRoom}/index.ts` && !isFixtureOfTests(path, target))
      faults.push(`${path}: "${targetRoom}" has one door, index.ts (${specifier})`);
  }
  if (generic.includes(room) && !path.endsWith('.test.ts')) {
    for (const [index, line] of source.split('\n').entries()) {
      const word = tradingWords.exec(wordsOf(line))?.[0];
      if (word !== undefined) faults.push(`${path}:${index + 1}: "${word}" is a trading word in a generic room`);
    }
  }
  return faults;
}

/** What a room lays out for tests is for those of other rooms, too. */
function isFixtureOfTests(path, target) {
  return target.endsWith('.fixture.ts') && /\.(test|fixture|contract)\.ts$/.test(path);
}

/** A line with its names taken apart into words; `Symbol.dispose` and its like belong to the language. */
function wordsOf(line) {
  return line
    .replaceAll(/\bSymbol\.\w+/g, '')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ');
}

function importsOf(path, source) {
  const { module } = parseSync(path, source);
  return [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) => entries.map(({ moduleRequest }) => moduleRequest?.value)),
    ...module.dynamicImports.map(({ moduleRequest: { start, end } }) =>
      source.slice(start, end).replaceAll(/['"`]/g, ''),
    ),
  ].filter((specifier) => specifier !== undefined);
}

function checkTree(root) {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name.endsWith('.ts'),
  );
  return files.flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    return faultsOf(relative(root, path).split(sep).join('/'), readFileSync(path, 'utf8'));
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const faults = checkTree(fileURLToPath(new URL('../src', import.meta.url)));
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exit(1);
  console.log('Every room imports in the direction of the house.');
}
