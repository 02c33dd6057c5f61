import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CancellationToken, systemClock } from '../src/async/index.ts';
import { OperationStore } from '../src/operations/index.ts';
import { ModelStore } from '../src/models/index.ts';
import { KtrdrProcess, temporaryDirectory } from './support/ktrdr-process.ts';

const seed = Date.now() % 1_000;

describe('ktrdr demo', () => {
  it('runs the main job through every boundary and leaves nothing running', { timeout: 60_000 }, async () => {
    await using home = await temporaryDirectory();
    await using demo = new KtrdrProcess(['demo', '--home', home.path]);
    expect(await demo.exit, demo.stderr).toBe(0);
    expect(demo.stderr).toMatch(/Loading AAPL 1h data \(full mode\) \[5\/5\]/);
    expect(demo.stderr).toMatch(/Training MLP model on AAPL, MSFT \[1h\]/);
    expect(demo.stdout).toMatch(/MSFT 1h: [\d,]+ bars loaded in \d+ requests/);
    expect(demo.stdout).toMatch(/no gaps/);
    expect(demo.stdout).toMatch(/^test +[\d,]+ +0\.\d+ +\d+\.\d %/m);
    const [, directory = ''] = /model in (.+)/.exec(demo.stdout) ?? [];
    const models = await ModelStore.open(join(home.path, 'demo', 'models'));
    const { name, version } = await models.get('momentum-mlp', 'latest');
    expect(directory).toBe(join(home.path, 'demo', 'models', name, version));
    await expectNothingLeft(home.path, demo.stdout);
  });

  it.each([0, 1, 2, 3])(
    `is cancelled cleanly by Ctrl-C at any moment (seed ${seed}, round %i)`,
    { timeout: 60_000 },
    async (round) => {
      await using home = await temporaryDirectory();
      await using demo = new KtrdrProcess(['demo', '--home', home.path]);
      const waitMs = 150 + ((seed * 7_919 + round * 1_693) % 6_000);
      await Promise.race([systemClock.sleep(waitMs, CancellationToken.none), demo.exit]);
      if (!/Everything has been stopped/.test(demo.stdout)) demo.pressCtrlC();
      const pressed = performance.now();
      const code = await demo.exit;
      const where = `Ctrl-C after ${waitMs} ms: ${demo.stdout}${demo.stderr}`;
      expect(performance.now() - pressed, where).toBeLessThan(4_000);
      // A signal before the program has taken over ends it as it ends any program.
      expect([130, -1, 0], where).toContain(code);
      await expectNothingLeft(home.path, demo.stdout);
    },
  );
});

/** No port answers, no process holds a directory, no file is half-written. */
async function expectNothingLeft(home: string, output: string): Promise<void> {
  for (const [, port] of output.matchAll(/(?:tcp|http):\/\/127\.0\.0\.1:(\d+)/g)) {
    await expect(connectTo(Number(port))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  }
  const files = await readdir(home, { recursive: true });
  expect(files.filter((name) => name.includes('.tmp') || name.includes('.saving-'))).toEqual([]);
  for (const owner of files.filter((name) => name.endsWith('owner.lock'))) {
    OperationStore.open(join(home, owner, '..'))[Symbol.dispose]();
  }
}

function connectTo(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
