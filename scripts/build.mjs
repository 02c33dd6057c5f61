// Compiles src/ to dist/, the training kernel to WebAssembly, and joins the program. With --if-stale it compiles only when a source is newer than the
// last build, so that `npm start` and `npm test` cost nothing when there is nothing to do.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleProgram } from './bundle-program.mjs';
import { compileKernel } from './compile-kernel.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'dist', '.built');
/** What is read before a command begins takes its time: `bench/start-up.mjs` says how much. */
const mostBytes = { start: 68_000, client: 145_000 };

if (process.argv.includes('--if-stale') && !isStale()) process.exit(0);

if (!process.argv.includes('--if-stale')) rmSync(join(root, 'dist'), { recursive: true, force: true });
const begunAt = new Date();
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);
await compileKernel(root);
for (const [part, bytes] of Object.entries(await bundleProgram(root))) {
  if (bytes <= mostBytes[part]) continue;
  console.error(
    `The part "${part}" of the program has ${bytes} bytes, and ${mostBytes[part]} are the most: import what only some commands need where they need it, or raise the limit and say why.`,
  );
  process.exit(1);
}
writeFileSync(stamp, '');
// What is edited while the compiler runs may not be in its output, so it has to be newer than the stamp.
utimesSync(stamp, begunAt, begunAt);

function isStale() {
  const built = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs;
  if (built === undefined) return true;
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .concat(join(root, 'tsconfig.json'), join(root, 'tsconfig.build.json'), join(root, 'package-lock.json'));
  return sources.some((path) => statSync(path).mtimeMs > built);
}
