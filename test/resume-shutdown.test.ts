import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientToken } from '../src/apps/client-token.ts';
import { Resources } from '../src/apps/serve.ts';
import { CancellationToken } from '../src/async/index.ts';
import { processSettings } from '../src/config/index.ts';
import { loadBars } from '../src/data/index.ts';
import { startGatewaySimulator } from '../src/ib/index.ts';
import type { Operation } from '../src/operations/index.ts';
import { hostServiceConfig, OperationsClient } from '../src/service/index.ts';
import { trainModel } from '../src/training/index.ts';
import { History } from './faults/history.ts';
import { startProxy } from './faults/proxy.ts';
import { persistently, stateOf, System, type ServiceName } from './faults/system.ts';
import { freePort } from './support/free-port.ts';
import { KtrdrProcess, temporaryDirectory, type TemporaryDirectory } from './support/ktrdr-process.ts';
import { exampleStrategy } from './support/strategy.ts';

const { none: token } = CancellationToken;
const load = { symbol: 'MSFT', timeframe: '5m', mode: 'full' } as const;
const training = { strategy: exampleStrategy({ symbol: 'AAPL', epochs: 4_000 }) };

let home: TemporaryDirectory;
let resources: Resources;

beforeEach(async () => {
  home = await temporaryDirectory();
  resources = new Resources();
});

afterEach(async () => {
  await resources[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const isWorking = ({ progress, message }: Operation): boolean => progress.done > 1 || message.includes('Epoch');

function reached(client: OperationsClient, id: string, isWanted?: (operation: Operation) => boolean) {
  return stateOf(id, { client, history: new History(), reader: id }, isWanted);
}

/** The bars to train on, and the weights of a training that nothing stops. */
async function prepare(api: OperationsClient): Promise<string> {
  const input = { symbol: 'AAPL', timeframe: '1h', mode: 'full', ...yearOf(2024) };
  await api.start({ type: loadBars.type, input, id: 'bars' }, token);
  expect(await reached(api, 'bars')).toMatchObject({ status: 'completed' });
  await api.start({ type: trainModel.type, input: training, id: 'whole' }, token);
  await reached(api, 'whole');
  return (await api.result(trainModel, 'whole', token)).weightsSha256;
}

/** Starts a load and a training, lets somebody interrupt both, and expects of them what was left alone brings. */
async function interrupted(
  api: OperationsClient,
  { round, wholeHash }: { round: string; wholeHash: string },
  act: () => Promise<void>,
) {
  const ids = { load: `load-${round}`, training: `training-${round}` };
  const year = 2024 - years * (rounds.length + 1);
  rounds.push(round);
  const span = { start: Date.UTC(year, 0), end: Date.UTC(year + years, 0) };
  await api.start({ type: loadBars.type, input: { ...load, ...span }, id: ids.load }, token);
  await reached(api, ids.load, isWorking);
  await api.start({ type: trainModel.type, input: training, id: ids.training }, token);
  await reached(api, ids.training, isWorking);
  await act();
  const ends = { load: await reached(api, ids.load), training: await reached(api, ids.training) };
  expect(ends.load, JSON.stringify(ends.load.error)).toMatchObject({ status: 'completed' });
  expect(await api.result(loadBars, ids.load, token)).toMatchObject({ coverage: { missing: 0 }, gaps: [] });
  expect(ends.training, JSON.stringify(ends.training.error)).toMatchObject({ status: 'completed' });
  expect((await api.result(trainModel, ids.training, token)).weightsSha256).toBe(wholeHash);
  return ends;
}

const rounds: string[] = [];
/** Of bars that each round loads: it is to go on until the training has begun, too. */
const years = 2;

describe('services that are told to stop and are started again', () => {
  it('go on with loads and trainings, whichever of them it was', { timeout: 120_000 }, async () => {
    const system = resources.add(await System.start({ home: home.path, latencyMs: 150 }));
    const wholeHash = await prepare(system.api);
    const victims: readonly (readonly ServiceName[])[] = [['api'], ['ib', 'training'], ['api', 'ib', 'training']];
    for (const stopped of victims) {
      const ends = await interrupted(system.api, { round: stopped.join('-'), wholeHash }, async () => {
        for (const name of stopped) system.signal(name, 'SIGTERM');
        await Promise.all(stopped.map((name) => system.exited(name)));
        // The API last: it starts the hosts by itself that do not answer.
        for (const name of stopped.toReversed()) await system.launch(name);
      });
      const attempts = stopped.includes('api') ? ['released', 'completed'] : ['completed'];
      for (const end of [ends.load, ends.training]) {
        expect(
          end.attempts.map(({ ended }) => ended),
          `${end.id} ${system.logs}`,
        ).toEqual(attempts);
      }
    }
  });

  it('go on also where all of them are one process', { timeout: 60_000 }, async () => {
    const gateway = resources.add(await startGatewaySimulator({ latencyMs: 150, enforcePacing: false }));
    const environment = { KTRDR_HOME: home.path, KTRDR_LOG_LEVEL: 'error', IB_PORT: String(gateway.port) };
    const port = await freePort();
    const launch = async (): Promise<KtrdrProcess> => {
      const process = resources.add(new KtrdrProcess(['up', '--port', String(port)], environment));
      await process.until(/ktrdr API on/);
      return process;
    };
    let process = await launch();
    const api = resources.add(await clientOf(`http://127.0.0.1:${port}/api/v1`, environment));
    const wholeHash = await prepare(api);
    const ends = await interrupted(api, { round: 'one', wholeHash }, async () => {
      process.kill('SIGTERM');
      expect(await process.exit).toBe(143);
      process = await launch();
    });
    for (const { attempts } of [ends.load, ends.training])
      expect(attempts.map(({ ended }) => ended)).toEqual(['released', 'completed']);
  });
});

describe('an API that is killed before it has told the host of a cancel', () => {
  it('tells it after its next start', { timeout: 60_000 }, async () => {
    const gateway = resources.add(await startGatewaySimulator({ latencyMs: 20, enforcePacing: false }));
    const ports = { api: await freePort(), training: await freePort() };
    const environment = {
      KTRDR_HOME: home.path,
      KTRDR_LOG_LEVEL: 'warn',
      IB_PORT: String(gateway.port),
      USE_TRAINING_HOST_SERVICE: 'true',
    };
    const launch = async (args: readonly string[], ready: RegExp, hostPort = ports.training): Promise<KtrdrProcess> => {
      const TRAINING_HOST_SERVICE_URL = `http://127.0.0.1:${hostPort}`;
      const process = resources.add(new KtrdrProcess(args, { ...environment, TRAINING_HOST_SERVICE_URL }));
      await process.until(ready);
      return process;
    };
    const up = ['up', '--port', String(ports.api)];
    await launch(['host', 'training', '--port', String(ports.training)], /host service on/);
    await using proxy = await startProxy(ports.training);
    const killed = await launch(up, /ktrdr API on/, proxy.port);
    const api = resources.add(await clientOf(`http://127.0.0.1:${ports.api}/api/v1`, environment));
    const host = resources.add(await clientOf(`http://127.0.0.1:${ports.training}`, environment));
    await prepare(api);
    const long = { strategy: exampleStrategy({ symbol: 'AAPL', epochs: 100_000 }) };
    await api.start({ type: trainModel.type, input: long, id: 'long' }, token);
    await reached(api, 'long', isWorking);
    await proxy[Symbol.asyncDispose]();
    expect(await api.cancel({ id: 'long' }, token)).toMatchObject({ status: 'cancelling' });
    killed.kill('SIGKILL');
    await killed.exit;
    expect(await host.get('long', token), 'nobody told the host').toMatchObject({ status: 'running' });

    await launch(up, /ktrdr API on/);
    expect(await persistently(() => reached(api, 'long'))).toMatchObject({
      status: 'cancelled',
      cancellation: { reason: 'user' },
    });
    expect(await host.get('long', token)).toMatchObject({ status: 'cancelled', cancellation: { reason: 'user' } });
  });
});

async function clientOf(baseUrl: string, environment: Readonly<Record<string, string>>): Promise<OperationsClient> {
  const config = hostServiceConfig({ baseUrl, token: clientToken(await processSettings(environment)) });
  return new OperationsClient('test', { config });
}

function yearOf(year: number): { start: number; end: number } {
  return { start: Date.UTC(year, 0, 1), end: Date.UTC(year, 9, 1) };
}
