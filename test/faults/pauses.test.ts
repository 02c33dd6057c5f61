import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancellationToken, systemClock } from '../../src/async/index.ts';
import { loadBars } from '../../src/data/index.ts';
import { isTerminal } from '../../src/operations/index.ts';
import { trainModel } from '../../src/training/index.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/ktrdr-process.ts';
import { exampleStrategy } from '../support/strategy.ts';
import { History } from './history.ts';
import { randomOf, scale, seed, timeoutFor } from './scale.ts';
import { diskOf, persistently, stateOf, System, type ServiceName } from './system.ts';

const { none: token } = CancellationToken;
const spanMs = { start: Date.UTC(2023, 0), end: Date.UTC(2024, 6) };

/** What a laptop does that is closed and opened again: a process stands still for a while, its sockets stay. */
describe(`processes that stand still for a while (seed ${seed})`, () => {
  const random = randomOf('pauses');
  const history = new History();
  let home: TemporaryDirectory;
  let system: System;

  beforeAll(async () => {
    home = await temporaryDirectory();
    system = await System.start({ home: home.path });
    await begin(loadBars.type, loadOf('AAPL'), 'bars');
    await stateOf('bars', at('bars'));
  });

  afterAll(async () => {
    await system[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  const at = (reader: string) => ({ client: system.api, history, reader });

  async function begin(type: string, input: unknown, id: string): Promise<void> {
    history.started(await persistently(() => system.api.start({ type, input, id }, token)));
  }

  async function pause(name: ServiceName, ms: number): Promise<void> {
    system.signal(name, 'SIGSTOP');
    await systemClock.sleep(ms, token);
    system.signal(name, 'SIGCONT');
  }

  it('end every operation as if they had not', timeoutFor(60_000), async () => {
    for (let round = 0; round < Math.ceil(2 * scale); round += 1) {
      const ids = [`load-${round}`, `train-${round}`] as const;
      await begin(loadBars.type, loadOf(['MSFT', 'SPY', 'NVDA', 'GOOG'][round % 4] ?? 'MSFT'), ids[0]);
      await begin(trainModel.type, { strategy: exampleStrategy({ symbol: 'AAPL', epochs: 10 }), seed: round }, ids[1]);
      for (const name of ['api', 'ib', 'training'] as const) {
        await systemClock.sleep(random() * 100, token);
        await pause(name, 100 + random() * 400);
      }
      for (const id of ids) {
        const end = await stateOf(id, at(id));
        expect(end, `${id}${system.logs}`).toMatchObject({ status: 'completed', attempt: 1 });
      }
    }
  });

  it('obey a cancel that came while they stood still', timeoutFor(60_000), async () => {
    await begin(trainModel.type, { strategy: exampleStrategy({ symbol: 'AAPL', epochs: 100_000 }) }, 'cancelled');
    await stateOf('cancelled', at('cancelled'), ({ progress }) => progress.fraction > 0.06);
    system.signal('training', 'SIGSTOP');
    history.cancelled(await system.api.cancel({ id: 'cancelled' }, token));
    const here = await stateOf('cancelled', at('cancelled'));
    expect(here, 'the API does not wait for ever').toMatchObject({ status: 'cancelled' });
    expect(here.error?.details).toMatchObject({ unconfirmed: true });
    system.signal('training', 'SIGCONT');
    const there = await stateOf('cancelled', {
      client: system.client('training'),
      history: new History(),
      reader: 'host',
    });
    expect(there, 'the host has heard of it').toMatchObject({ status: 'cancelled', cancellation: { forced: false } });
  });

  it('leave a record that holds', timeoutFor(20_000), async () => {
    const { operations } = await system.api.list({ limit: 1_000 }, token);
    for (const operation of operations) history.seen('list', operation);
    expect(operations.filter(({ status }) => !isTerminal(status))).toEqual([]);
    await system.stop();
    using disk = diskOf(home.path);
    expect(history.violations(disk)).toEqual([]);
  });
});

function loadOf(symbol: string): object {
  return { symbol, timeframe: '1h', mode: 'full', ...spanMs };
}
