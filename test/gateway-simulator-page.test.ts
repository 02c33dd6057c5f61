import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../src/apps/cli/program.ts';
import { gatewayFaultSchema } from '../src/ib/simulator/faults/faults.ts';
import { instrumentsSchema } from '../src/ib/simulator/instruments/instrument-file.ts';
import { scenarioSchema } from '../src/ib/simulator/faults/scenario.ts';
import { parseSettings, readSettingsFile } from '../src/ib/simulator/settings-file.ts';
import { KtrdrProcess, temporaryDirectory } from './support/ktrdr-process.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = readFileSync(join(root, 'docs/gateway-simulator.md'), 'utf8');
const section = (title: string): string => new RegExp(`## ${title}\n([\\s\\S]*?)(\n## |$)`).exec(page)?.[1] ?? '';
const named = (text: string, pattern: RegExp): Set<string> =>
  new Set([...text.matchAll(pattern)].map(([, name = '']) => name));

describe('the page on the gateway simulator', () => {
  const [, block = ''] = /```sh\n([\s\S]*?)```/.exec(page) ?? [];
  const commands = block.trim().split('\n');

  it.each(commands)('%s listens, and Ctrl-C ends it', { timeout: 30_000 }, async (command) => {
    await using home = await temporaryDirectory();
    const args = command.replaceAll('examples/', `${root}examples/`).split(' ').slice(2);
    await using gateway = new KtrdrProcess(args, { KTRDR_HOME: home.path });
    const [, port = ''] = await gateway.until(/Simulated gateway on tcp:\/\/127\.0\.0\.1:(\d+)/);
    expect(Number(port)).toBeGreaterThan(0);
    await gateway.until(/IB_HOST=127\.0\.0\.1 IB_PORT=\d+ npx ktrdr up/);
    gateway.pressCtrlC();
    expect(await gateway.exit).toBe(130);
  });

  it('names every option of the command and no other', async () => {
    const gateway = (await createProgram(() => {})).commands.find((command) => command.name() === 'gateway');
    const simulate = gateway?.commands.find((command) => command.name() === 'simulate');
    const options = simulate?.options.map(({ long }) => long) ?? [];
    const rows = page.split('\n').filter((line) => line.startsWith('| `--'));
    expect([...named(rows.join('\n'), /`(--[a-z-]+)`/g)].sort()).toEqual(
      options.filter((long) => long !== undefined).sort(),
    );
  });

  it('names every fault and no other', () => {
    const kinds = gatewayFaultSchema.options.map(({ shape }) => shape.kind.value);
    const cells = [...section('Faults').matchAll(/^\| (`[^|]+)\|/gm)].map(([, cell = '']) =>
      cell.replaceAll(/\([^)]*\)/g, ''),
    );
    expect([...named(cells.join(), /`(\w+)`/g)].sort()).toEqual([...kinds].sort());
  });

  it('shows scenarios that are valid, as the examples are', async () => {
    const [, text = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
    expect(parseSettings(text, { file: 'the page', schema: scenarioSchema }).steps).toHaveLength(4);
    const example = await readSettingsFile(join(root, 'examples/gateway/bad-night.yaml'), scenarioSchema);
    expect(example.steps).toHaveLength(6);
    const instruments = await readSettingsFile(join(root, 'examples/gateway/instruments.yaml'), instrumentsSchema);
    expect(instruments.map(({ symbol }) => symbol)).toEqual(['ACME', 'ACMX', 'ACI', 'EUR']);
  });
});
