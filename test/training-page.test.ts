import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { processSettings } from '../src/config/index.ts';
import { nativeBackend, plainBackend, wasmBackend } from '../src/nn/index.ts';
import { trainModel, type TrainModelResult } from '../src/training/index.ts';
import { KtrdrProcess, ktrdr, temporaryDirectory, type Finished } from './support/ktrdr-process.ts';

const page = readFileSync(fileURLToPath(new URL('../docs/training.md', import.meta.url)), 'utf8');
/** However wide its columns are. */
const plain = page.replaceAll(/ {2,}/g, ' ');

const listed = z.object({ operations: z.array(z.object({ id: z.string() })) });
const curves = z.object({
  points: z.array(z.object({ step: z.number(), values: z.record(z.string(), z.number()) })),
});

describe('the page on training', () => {
  it('shows commands that work, one after the other, as they are written', { timeout: 120_000 }, async () => {
    await using home = await temporaryDirectory();
    await using up = new KtrdrProcess(['up', '--simulate', '--port', '0', '--home', home.path]);
    const [, url = ''] = await up.until(/API on (\S+),/);
    const run = (args: string[]): Promise<Finished> => ktrdr(args, { KTRDR_API_URL: url, KTRDR_HOME: home.path });
    const commands = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));
    expect(commands.length).toBeGreaterThan(5);
    let id = '';
    const printed = new Map<string, string>();
    for (const command of commands) {
      const [npx, name, ...args] = command.split(' ');
      expect([npx, name], command).toEqual(['npx', 'ktrdr']);
      if (args.includes('ID')) {
        const { stdout } = await run(['ops', 'list', '--type', trainModel.type, '--json']);
        id = listed.parse(JSON.parse(stdout)).operations[0]?.id ?? '';
      }
      const result = await run(args.map((word) => (word === 'ID' ? id : word)));
      expect(result.code, `${command}\n${result.stderr}`).toBe(0);
      printed.set(command, result.stdout);
    }

    const [, trained = ''] = [...printed].find(([command]) => command.includes('--seed 7')) ?? [];
    const { history, backend }: TrainModelResult = trainModel.result.parse(JSON.parse(trained));
    expect(backend).toEqual({ name: 'wasm', why: 'It is the fastest that trains mlp models.' });
    const [, json = ''] = [...printed].find(([command]) => command.endsWith('metrics ID --json')) ?? [];
    const { points } = curves.parse(JSON.parse(json));
    expect(points.filter(({ values }) => 'learningRate' in values).map(({ values }) => values)).toMatchObject(history);
    const [, csv = ''] = [...printed].find(([command]) => command.endsWith('metrics ID')) ?? [];
    const [head = '', ...lines] = csv.trim().split('\n');
    expect(head).toMatch(/^step,time,epoch,trainLoss/);
    for (const name of ['trainLoss', 'trainAccuracy', 'validationLoss', 'validationAccuracy', 'learningRate']) {
      expect(head.split(',')).toContain(name);
      expect(page).toContain(`\`${name}\``);
    }
    expect(lines).toHaveLength(points.length);
  });

  it('says what each backend trains', () => {
    for (const { name, capabilities } of [wasmBackend, plainBackend, nativeBackend({ path: '', version: '' })])
      expect(plain).toContain(`| \`${name}\` | ${capabilities.models.join(', ')} |`);
  });

  it('names the variables by which a training host is configured, with their defaults', async () => {
    const { training } = await processSettings({ KTRDR_TRAINING_BARS: 'api', KTRDR_TRAINING_BACKEND: 'plain' });
    expect(training).toMatchObject({ bars: 'api', backend: 'plain', memoryMb: 4_096 });
    expect(page).toContain('`KTRDR_TRAINING_MEMORY_MB` (4,096)');
    for (const name of ['KTRDR_TRAINING_BARS=api', 'KTRDR_TRAINING_BACKEND', 'USE_TRAINING_HOST_SERVICE=true'])
      expect(page).toContain(`\`${name}\``);
  });
});
