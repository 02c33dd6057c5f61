// Runs every bench, each in a process of its own and one after the other, and writes what they say to results.md.
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { machine } from './support/report.mjs';

/** In this order; what belongs together stands together in the results. */
const benches = [
  'adapter',
  'cancellation-check',
  'cancel',
  'cancel-training',
  'progress-report',
  'progress-age',
  'operations',
  'recovery',
  'memory',
  'calendar',
  'store',
  'gaps',
  'files',
  'gateway',
  'load',
  'load-rate',
  'schedule',
  'features',
  'kernel',
  'whole-training',
  'recurrent',
  'sessions',
  'demo',
  'start-up',
];

const build = fileURLToPath(new URL('../scripts/build.mjs', import.meta.url));
const { status } = spawnSync(process.execPath, [build, '--if-stale'], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

const busy = () => loadavg()[0].toFixed(1);
const busyBefore = busy();
const results = [];
for (const name of benches) results.push({ name, ...(await run(name)) });

const missed = results.flatMap(({ name, missed: lines }) => lines.map((line) => `- \`${name}\`: ${line}`));
const text = [
  '# Bench results',
  '',
  `Written by \`npm run bench\`. ${machine()}. Load average ${busyBefore} before the first bench, ${busy()} after the last.`,
  '',
  'A ratio is taken round by round between competitors that take turns, and its median is shown; the spread is that of the',
  'rounds. Times are medians unless the line says otherwise. A line without a limit only tells.',
  '',
  missed.length === 0 ? 'Every limit is reached.' : `Not reached:\n\n${missed.join('\n')}`,
  ...results.flatMap((result) => ['', result.text]),
  '',
].join('\n');
writeFileSync(new URL('./results.md', import.meta.url), text);
console.log(`\n${missed.length === 0 ? 'Every limit is reached.' : `Not reached:\n${missed.join('\n')}`}`);
process.exitCode = missed.length === 0 ? 0 : 1;

/** What a bench reports: its table, and the lines whose limit it missed. */
async function run(name) {
  console.log();
  const child = fork(fileURLToPath(new URL(`./${name}.mjs`, import.meta.url)));
  const ended = once(child, 'exit');
  const reported = once(child, 'message').then(([message]) => message);
  const result = await Promise.race([reported, ended.then(() => undefined)]);
  const [code] = await ended;
  if (result === undefined) throw new Error(`The bench ${name} ended with ${code} before it had reported.`);
  return result;
}
