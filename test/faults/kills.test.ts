import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancellationToken, systemClock } from '../../src/async/index.ts';
import { BarStore, loadBars, type LoadBarsInput } from '../../src/data/index.ts';
import { isTerminal, type Operation } from '../../src/operations/index.ts';
import { ModelStore } from '../../src/models/index.ts';
import type { OperationsClient } from '../../src/service/index.ts';
import { trainModel } from '../../src/training/index.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/ktrdr-process.ts';
import { oneOf } from '../support/random.ts';
import { exampleStrategy } from '../support/strategy.ts';
import { History } from './history.ts';
import { randomOf, scale, seed, timeoutFor } from './scale.ts';
import { diskOf, persistently, recordsOf, serviceNames, stateOf, System, type ServiceName } from './system.ts';

const { none: token } = CancellationToken;
const rounds = Math.ceil(4 * scale);
const series = { symbol: 'AAPL', timeframe: '1h' } as const;
/** Work whose process has died so often is given up at the next death. */
const lastDeath = 4;
const symbols = ['MSFT', 'SPY', 'NVDA', 'GOOG'] as const;
const timeframes = ['5m', '15m', '30m', '1h'] as const;
const training = { strategy: exampleStrategy({ symbol: 'AAPL', epochs: 12 }) };

/** When a process is killed: as soon as an operation is at such a point, and a moment later. */
const points = {
  waiting: () => true,
  working: ({ progress, message }: Operation) => progress.done > 0 || message.includes('Epoch'),
  late: ({ progress }: Operation) => progress.fraction > 0.8,
  saving: ({ progress }: Operation) => progress.phase.includes('saving'),
} as const;

describe(`processes killed or told to stop at any moment (seed ${seed})`, () => {
  const random = randomOf('kills');
  const history = new History();
  const asked = new Set<string>();
  /** What had perhaps not reached its host when that was killed: whoever starts work is told that there is no host. */
  const mayBeRefused = new Set<string>();
  let home: TemporaryDirectory;
  let system: System;

  beforeAll(async () => {
    home = await temporaryDirectory();
    system = await System.start({ home: home.path });
    await begin(loadBars.type, { ...series, ...spanOf(0), mode: 'full' }, 'first');
    await stateOf('first', at('first'));
    await begin(trainModel.type, training, 'whole');
    await stateOf('whole', at('whole'));
  });

  afterAll(async () => {
    await system[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  const at = (reader: string) => ({ client: system.api, history, reader });

  async function begin(type: string, input: unknown, id: string): Promise<void> {
    history.started(await persistently(() => system.api.start({ type, input, id }, token)));
  }

  /** One operation, one victim, one moment; some operations are cancelled just before. */
  async function round(number: number): Promise<string> {
    const id = `round-${number}`;
    const isLoad = number % 2 === 0;
    const victim: ServiceName = oneOf(random, ['api', isLoad ? 'ib' : 'training']);
    const point = oneOf(random, Object.keys(points) as [keyof typeof points]);
    const pauseMs = random() * 60;
    const isCancelled = random() < 0.3;
    const signal = oneOf(random, ['SIGKILL', 'SIGKILL', 'SIGTERM'] as const);
    const input = isLoad ? loadOf(number) : training;
    if (signal === 'SIGKILL') await spare(victim);
    await begin(isLoad ? loadBars.type : trainModel.type, input, id);
    const reached = await stateOf(id, at(`before ${id}`), points[point]);
    await systemClock.sleep(pauseMs, token);
    if (victim !== 'api' && point === 'waiting') mayBeRefused.add(id);
    if (isCancelled) {
      asked.add(id);
      // The answer may be lost with the process.
      const cancel = system.api.cancel({ id }, token).then(
        (answered) => history.cancelled(answered),
        () => {},
      );
      await Promise.race([cancel, systemClock.sleep(random() * 10, token)]);
    }
    await system.kill(victim, signal);
    await system.launch(victim);
    if (isCancelled) history.cancelled(await persistently(() => system.api.cancel({ id }, token)));
    return `${id}: ${victim} ended by ${signal} at "${reached.message}" (${point} + ${pauseMs.toFixed(0)} ms)`;
  }

  /** Lets what would be given up at one more death of its process come to its end before. */
  async function spare(victim: ServiceName): Promise<void> {
    const client = system.client(victim);
    const worn = (await unfinishedOn(client)).filter(
      ({ attempts }) => attempts.filter(({ ended }) => ended === 'interrupted').length >= lastDeath,
    );
    const seenBy = victim === 'api' ? history : new History();
    await Promise.all(worn.map(({ id }) => stateOf(id, { client, history: seenBy, reader: `spare ${id}` })));
  }

  it('lose no operation, no bar and no model, and do nothing twice', timeoutFor(120_000), async () => {
    const stories: string[] = [];
    for (let number = 0; number < rounds; number += 1) {
      stories.push(await round(number));
      const page = await persistently(() => system.api.list({ limit: 1_000 }, token));
      for (const operation of page.operations) history.seen('list', operation);
    }
    const story = (): string => `${stories.join('\n')}${system.logs}`;

    for (const id of history.ids) {
      const end = await stateOf(id, at(`end of ${id}`));
      if (mayBeRefused.has(id) && end.error?.code === 'unavailable') continue;
      const wanted = asked.has(id) ? ['cancelled', 'completed'] : ['completed'];
      expect(wanted, `${id}: ${JSON.stringify(end.error)}\n${story()}`).toContain(end.status);
    }
    const whole = await system.api.result(trainModel, 'whole', token);
    const saved: string[] = [];
    for (const { id, type, status } of (await system.api.list({ limit: 1_000 }, token)).operations) {
      if (status !== 'completed') continue;
      if (type === loadBars.type) {
        expect((await system.api.result(loadBars, id, token)).coverage, story()).toMatchObject({ missing: 0 });
      } else {
        const result = await system.api.result(trainModel, id, token);
        expect(result.weightsSha256, `${id} has the weights of a training that was left alone\n${story()}`).toBe(
          whole.weightsSha256,
        );
        saved.push(result.model.version);
      }
    }
    await expectNothingRuns();
    await expectModels(saved, story);
    await system.stop();
    await expectBars(story);
    expect(history.size).toBeGreaterThan(rounds * 3);
    for (const name of serviceNames) {
      using disk = diskOf(recordsOf(home.path, name));
      expect(
        disk.operations.filter(({ status }) => !isTerminal(status)),
        story(),
      ).toEqual([]);
      if (name === 'api') expect(history.violations(disk), story()).toEqual([]);
    }
  });

  /** What was cancelled has stopped on the hosts too. */
  async function expectNothingRuns(): Promise<void> {
    for (const name of serviceNames) {
      const client = system.client(name);
      const operations = await unfinishedOn(client);
      const ended = operations.map(({ id }) => stateOf(id, { client, history: new History(), reader: name }));
      for (const { id, status } of await Promise.all(ended)) expect(isTerminal(status), `${id} on ${name}`).toBe(true);
    }
  }

  /** One model for each training that completed; one that was cancelled at the last moment may have left one. */
  async function expectModels(saved: readonly string[], story: () => string): Promise<void> {
    const models = await ModelStore.open(join(home.path, 'models'));
    const stored = await models.list();
    const operations = await Promise.all(
      stored.map(async ({ name, version }) => (await models.get(name, version)).metadata.operation),
    );
    expect(new Set(operations).size, `one operation, one model\n${story()}`).toBe(operations.length);
    expect(new Set(saved).size, `one model, one operation\n${story()}`).toBe(saved.length);
    expect(
      stored.map(({ version }) => version),
      story(),
    ).toEqual(expect.arrayContaining([...saved]));
    for (const [index, id] of operations.entries()) {
      const version = stored[index]?.version ?? '';
      expect(saved.includes(version) || asked.has(id), `the model ${version} of ${id} has an owner\n${story()}`).toBe(
        true,
      );
    }
  }

  /** Bar for bar what a system has that nobody disturbed. */
  async function expectBars(story: () => string): Promise<void> {
    await using other = await temporaryDirectory();
    await using quiet = await System.start({ home: other.path, latencyMs: 0 });
    await using disturbed = await BarStore.open(join(home.path, 'bars'), { access: 'read' });
    await using undisturbed = await BarStore.open(join(other.path, 'bars'), { access: 'read' });
    const inputs = Array.from({ length: rounds }, (_, number) => number)
      .filter((number) => number % 2 === 0)
      .map((number) => ({ id: `round-${number}`, input: loadOf(number) }));
    for (const { id, input } of inputs) {
      if (asked.has(id) || mayBeRefused.has(id)) continue;
      await quiet.api.start({ type: loadBars.type, input, id }, token);
      await stateOf(id, { client: quiet.api, history: new History(), reader: id });
      const { symbol, timeframe, start = 0, end = 0 } = input;
      const range = { start, end };
      expect(await disturbed.read({ symbol, timeframe }, range), `${id}\n${story()}`).toEqual(
        await undisturbed.read({ symbol, timeframe }, range),
      );
    }
  }
});

async function unfinishedOn(client: OperationsClient): Promise<readonly Operation[]> {
  const list = () => client.list({ status: ['pending', 'running', 'cancelling'], limit: 1_000 }, token);
  return (await persistently(list)).operations;
}

/** A series and span that no other round has, of a few requests. */
function loadOf(number: number): LoadBarsInput {
  const which = number / 2;
  const timeframe = timeframes[Math.floor(which / symbols.length) % timeframes.length] ?? '5m';
  const symbol = symbols[which % symbols.length] ?? 'MSFT';
  return { symbol, timeframe, mode: 'full', ...spanOf(Math.floor(which / (symbols.length * timeframes.length))) };
}

function spanOf(year: number): { start: number; end: number } {
  return { start: Date.UTC(2024 - year, 0, 1), end: Date.UTC(2024 - year, 9, 1) };
}
