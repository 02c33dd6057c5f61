// The whole of `ktrdr demo` as a user types it: four processes, four loads through a simulated gateway, one training.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atMost, formats, report, row } from './support/report.mjs';
import { withResources } from './support/resources.mjs';
import { sized } from './support/smoke.mjs';

const main = fileURLToPath(new URL('../dist/program/main.js', import.meta.url));
const rounds = sized(3, 1);
// The tests run the demo itself.
const command = sized(['demo'], ['demo', '--help']);

await withResources(async ({ directory }) => {
  const times = [];
  for (let round = 0; round < rounds; round += 1) {
    const begun = performance.now();
    const child = spawn(process.execPath, [main, '--home', join(directory, String(round)), ...command], {
      stdio: 'ignore',
    });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`ktrdr demo ended with ${code}`);
    times.push(performance.now() - begun);
  }
  report({
    title: 'ktrdr demo, from the key press to the prompt',
    rows: [
      row({
        what: 'four processes, four loads, one training',
        ours: times,
        limit: atMost(60_000),
        format: formats.seconds,
      }),
    ],
  });
});
