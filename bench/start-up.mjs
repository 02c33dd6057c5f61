// How much longer a short command takes than Node itself takes to start. The API runs in a process of its own.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startChild } from './support/children.mjs';
import { atMost, formats, report, row } from './support/report.mjs';
import { withResources } from './support/resources.mjs';
import { interleaved } from './support/rounds.mjs';
import { median } from './support/stats.mjs';

const main = fileURLToPath(new URL('../dist/program/main.js', import.meta.url));
const limit = atMost(40);

await withResources(async ({ open, directory }) => {
  const env = { ...process.env, KTRDR_HOME: directory, KTRDR_LOG_LEVEL: 'silent' };
  const api = open(await startChild(main, { args: ['up', '--port', '0'], env }));
  const commands = [['--help'], ['--version'], ['ops', 'list', '--json']];
  const timeOf = (args) => () => {
    const begunAt = performance.now();
    const { status } = spawnSync(process.execPath, args, {
      env: { ...env, KTRDR_API_URL: api.message.url },
      stdio: 'pipe',
    });
    if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
    return performance.now() - begunAt;
  };
  const times = await interleaved(
    {
      node: timeOf(['-e', '0']),
      ...Object.fromEntries(commands.map((args) => [args.join(' '), timeOf([main, ...args])])),
    },
    { rounds: 25 },
  );
  report({
    title: 'A short command, beyond the start of Node',
    rows: commands.map((args) => {
      const name = args.join(' ');
      const beyond = times[name].map((ms, round) => ms - times.node[round]);
      return row({ what: `ktrdr ${name}`, ours: beyond, format: formats.ms, limit });
    }),
    notes: [`\`node -e 0\` takes ${formats.ms(median(times.node))} here.`],
  });
});
