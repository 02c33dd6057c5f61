import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancellationToken } from '../../src/async/index.ts';
import { BarStore, loadBars } from '../../src/data/index.ts';
import { isTerminal } from '../../src/operations/index.ts';
import { ModelStore } from '../../src/models/index.ts';
import { trainModel } from '../../src/training/index.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/ktrdr-process.ts';
import { exampleStrategy } from '../support/strategy.ts';
import { History } from './history.ts';
import { timeoutFor } from './scale.ts';
import { diskOf, persistently, stateOf, System } from './system.ts';
import { ask, expectNoSecret, expectProblem } from './wire.ts';

const { none: token } = CancellationToken;
const load = { timeframe: '5m', mode: 'full', start: Date.UTC(2023, 0), end: Date.UTC(2024, 0) } as const;
const minutes = { ...load, timeframe: '1m', end: Date.UTC(2023, 6) } as const;
const wide = exampleStrategy({ symbol: 'AAPL', epochs: 1 }).replace('[16, 8]', '[512, 256]');
const training = { strategy: exampleStrategy({ symbol: 'AAPL', epochs: 3 }) };

describe('a disk that takes no more', () => {
  const history = new History();
  let home: TemporaryDirectory;
  let system: System;
  let secret: string;

  beforeAll(async () => {
    home = await temporaryDirectory();
    system = await System.start({ home: home.path, latencyMs: 5 });
    secret = (await readFile(join(home.path, 'token'), 'utf8')).trim();
    const hours = { ...load, timeframe: '1h', symbol: 'AAPL' };
    await begin(loadBars.type, hours, 'before');
    await stateOf('before', at('before'));
  });

  afterAll(async () => {
    await system[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  const at = (reader: string) => ({ client: system.api, history, reader });

  async function begin(type: string, input: unknown, id: string): Promise<void> {
    history.started(await persistently(() => system.api.start({ type, input, id }, token)));
  }

  async function restart(name: 'api' | 'training', limits: { fileBlocks?: number } = {}): Promise<void> {
    system.signal(name, 'SIGTERM');
    await system.exited(name);
    await system.launch(name, limits);
  }

  it('for bars ends the load with a sentence, and leaves the bars that were there', timeoutFor(60_000), async () => {
    // Room for the log of the database, whatever a slow machine has to report, and not for half a year of minutes.
    await restart('api', { fileBlocks: 1_600 });
    await begin(loadBars.type, { ...minutes, symbol: 'MSFT' }, 'bars');
    const end = await stateOf('bars', at('bars'));
    expect(end, system.logs).toMatchObject({ status: 'failed', error: { code: 'failed_precondition' } });
    expect(end.error?.detail).toMatch(/disk|space|EFBIG/i);
    const answer = await ask(`${system.urlOf('api')}/operations/bars`, {
      headers: { authorization: `Bearer ${secret}` },
    });
    expectNoSecret(answer, { secrets: [secret, home.path], where: 'the record of the load' });
    await begin(loadBars.type, { ...load, timeframe: '1d', symbol: 'SPY' }, 'small');
    expect(await stateOf('small', at('small')), 'what still fits is loaded').toMatchObject({ status: 'completed' });

    await restart('api');
    await begin(loadBars.type, { ...minutes, symbol: 'MSFT' }, 'bars-again');
    expect(await stateOf('bars-again', at('again'))).toMatchObject({ status: 'completed' });
    expect((await system.api.result(loadBars, 'bars-again', token)).coverage.missing).toBe(0);
  });

  it(
    'for records refuses what it cannot keep, and forgets nothing that it acknowledged',
    timeoutFor(60_000),
    async () => {
      // The log of the database grows with each record until the limit stops it.
      await restart('api', { fileBlocks: 300 });
      const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
      const body = JSON.stringify({ ...load, timeframe: '1d', symbol: 'AAPL' });
      let refused = 0;
      for (let number = 0; number < 400 && refused < 5; number += 1) {
        const id = `record-${number}`;
        const answer = await ask(`${system.urlOf('api')}/operations/load_bars/${id}`, { method: 'PUT', headers, body });
        if (answer.status === 202) {
          history.started(await system.api.get(id, token));
        } else {
          refused += 1;
          expectProblem(answer, { status: [409, 500, 503], secrets: [secret, home.path], where: id });
        }
      }
      expect(refused, 'the disk was really full').toBeGreaterThan(0);
      const health = await ask(`${system.urlOf('api')}/health`);
      expect(health.status, 'it still answers').toBe(200);
      await restart('api');
      for (const id of history.ids) await stateOf(id, at(`after ${id}`));
    },
  );

  it('for models ends the training with a sentence and leaves no half model', timeoutFor(60_000), async () => {
    await restart('training', { fileBlocks: 240 });
    await begin(trainModel.type, { strategy: wide }, 'model');
    const end = await stateOf('model', at('model'));
    expect(end, system.logs).toMatchObject({ status: 'failed', error: { code: 'failed_precondition' } });
    expect(JSON.stringify(end.error)).not.toContain(home.path);
    const models = await ModelStore.open(join(home.path, 'models'));
    expect(await models.list()).toEqual([]);
    await restart('training');
    await begin(trainModel.type, training, 'model-again');
    expect(await stateOf('model-again', at('model-again'))).toMatchObject({ status: 'completed' });
    expect(await models.list()).toHaveLength(1);
  });

  it('for everything is told at the start, and not taken for a damaged file', timeoutFor(20_000), async () => {
    system.signal('training', 'SIGTERM');
    await system.exited('training');
    await expect(system.launch('training', { fileBlocks: 2 })).rejects.toThrow(
      /ended with 5 .*Check the disk's space/s,
    );
    await system.launch('training');
  });

  it('leaves a record that holds, and bars without a fault', timeoutFor(20_000), async () => {
    await system.stop();
    using disk = diskOf(home.path);
    expect(history.violations(disk)).toEqual([]);
    expect(disk.operations.filter(({ status }) => !isTerminal(status))).toEqual([]);
    await using bars = await BarStore.open(join(home.path, 'bars'), { access: 'read' });
    for (const { key, count } of await bars.list()) expect((await bars.read(key)).time.length).toBe(count);
  });
});
