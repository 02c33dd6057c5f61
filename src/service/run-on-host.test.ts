import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CancellationSource, noCheckpoint, ProgressReporter, systemClock, type CancelReason } from '../async/index.ts';
import { KtrdrError, silentLogger, type Logger } from '../base/index.ts';
import { noChildren, type LogLine, type OperationContract } from '../operations/index.ts';
import { EndpointClient } from './endpoint-client.ts';
import { testHost, type TestHost } from './host.fixture.ts';
import { hostServiceConfig } from './host-service-config.ts';
import { memoryTransport } from './memory-transport.ts';
import { runOnHost } from './run-on-host.ts';

const wait: OperationContract<object, object, string> = {
  type: 'wait',
  input: z.object({}),
  context: z.object({}),
  result: z.string(),
  begin: () => ({}),
  render: () => 'waiting',
  measures: true,
};

let there: TestHost;
let isReachable: boolean;
/** Answers everything that comes after a start. */
let successor: TestHost | undefined;
let source: CancellationSource;
let warnings: string[];
let phases: string[];
/** The status that the operation had whenever its curves were asked for. */
let curvesAskedWhile: (string | undefined)[];
/** The log lines that have come from the host, and the cursors behind them by their source. */
let lines: LogLine[];
let cursors: Map<string, number>;
let deadlineAt: number | undefined;

beforeEach(async () => {
  there = await testHost();
  isReachable = true;
  successor = undefined;
  source = new CancellationSource();
  warnings = [];
  phases = [];
  curvesAskedWhile = [];
  lines = [];
  cursors = new Map();
  deadlineAt = undefined;
});

afterEach(async () => {
  source[Symbol.dispose]();
  await there[Symbol.asyncDispose]();
  await successor?.[Symbol.asyncDispose]();
});

function run(graceMs?: number, contract = wait): Promise<string> {
  const near = memoryTransport(there.host);
  const next = successor === undefined ? near : memoryTransport(successor.host);
  const transport = {
    ...near,
    send: (request: Parameters<typeof near.send>[0]) => {
      if (!isReachable) return Promise.reject(new KtrdrError('unavailable', 'Connection refused.'));
      if (request.path.includes('/op/metrics')) curvesAskedWhile.push(statusThere());
      return (request.method === 'PUT' ? near : next).send(request);
    },
  };
  const config = hostServiceConfig({ baseUrl: transport.baseUrl });
  const log: Logger = { ...silentLogger, warn: (message) => void warnings.push(message) };
  const client = new EndpointClient({ service: 'test host', config, transport, clock: systemClock, log });
  const progress = new ProgressReporter<object>({
    clock: systemClock,
    context: {},
    emit: ({ phase }) => void phases.push(phase),
    intervalMs: 0,
  });
  const context = {
    id: 'op',
    attempt: 2,
    checkpoint: noCheckpoint,
    children: noChildren,
    token: source.token,
    progress,
    metrics: { record: () => {} },
    lines: {
      keep: (more: readonly LogLine[], { source: from, cursor }: { source: string; cursor: number }) => {
        lines.push(...more);
        cursors.set(from, cursor);
      },
      cursorOf: (from: string) => cursors.get(from) ?? 0,
    },
    log,
    clock: systemClock,
    ...(deadlineAt === undefined ? {} : { deadlineAt }),
  };
  return runOnHost({ client, contract, input: {}, context, ...(graceMs === undefined ? {} : { graceMs }) });
}

const statusThere = (): string | undefined => there.orchestrator.operations.find('op')?.status;

describe('work on a host whose token is cancelled from the beginning', () => {
  beforeEach(() => source.cancel('user'));

  it('stops what an earlier process started there, and ends when that has stopped', async () => {
    there.orchestrator.startByType('wait', {}, { id: 'op' });
    await expect(run()).rejects.toMatchObject({ code: 'cancelled', details: { reason: 'user', operation: 'op' } });
    expect(there.orchestrator.operations.get('op')).toMatchObject({
      status: 'cancelled',
      cancellation: { reason: 'user' },
    });
  });

  it('starts nothing where the host does not know it', async () => {
    await expect(run()).rejects.toMatchObject({ code: 'cancelled', details: { reason: 'user', unknown: true } });
    expect(statusThere()).toBeUndefined();
  });

  it('ends with a word in the log when the host cannot be reached', async () => {
    there.orchestrator.startByType('wait', {}, { id: 'op' });
    isReachable = false;
    await expect(run(100)).rejects.toMatchObject({ code: 'cancelled', details: { unconfirmed: true } });
    expect(warnings).toContain('a cancel was not confirmed in time');
  });
});

describe('work that has a deadline', () => {
  it('ends on the host by itself, also when nobody comes back to it', async () => {
    deadlineAt = systemClock.now() + 500;
    const ended = run().catch((thrown: unknown) => thrown);
    await expect.poll(statusThere).toBe('running');
    isReachable = false;
    await expect.poll(statusThere).toBe('cancelled');
    expect(there.orchestrator.operations.get('op').cancellation?.reason).toBe('timeout');
    isReachable = true;
    expect(await ended).toMatchObject({ code: 'cancelled', details: { reason: 'timeout' } });
  });

  it('is told of one that has passed as of one that passes at once, and of the longest that a host takes', async () => {
    deadlineAt = systemClock.now() - 1_000;
    await expect(run()).rejects.toMatchObject({ code: 'cancelled', details: { reason: 'timeout' } });
    await there[Symbol.asyncDispose]();
    there = await testHost();
    deadlineAt = systemClock.now() + 1e12;
    const running = run();
    await expect.poll(statusThere).toBe('running');
    source.cancel('user');
    await expect(running).rejects.toMatchObject({ details: { reason: 'user' } });
  });
});

describe('work that waits on its host', () => {
  it('is no news with each place that it moves up, and has no curves to ask for', async () => {
    await there[Symbol.asyncDispose]();
    there = await testHost({ slots: { place: 1 } });
    const { operations } = there.orchestrator;
    const others = ['a', 'b', 'c', 'd'];
    for (const id of others) there.orchestrator.startByType('wait', {}, { id });
    const running = run();
    for (const [index, id] of others.entries()) {
      const place = others.length - index;
      await expect.poll(() => operations.find('op')?.queuePlace).toBe(place);
      await expect.poll(() => phases).toContain('queued');
      operations.cancel(id);
    }
    await expect.poll(statusThere).toBe('running');
    await expect.poll(() => curvesAskedWhile).toEqual(['running']);
    source.cancel('user');
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    expect(phases.filter((phase) => phase === 'queued')).toHaveLength(1);
  });
});

describe('the log of work on a host', () => {
  const messages = (): string[] => lines.map(({ message }) => message);

  it('is kept here as well, to its end, with the name of the host', async () => {
    const running = run();
    await expect.poll(messages).toEqual(['operation queued', 'operation started']);
    source.cancel('user');
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    expect(messages().slice(2)).toEqual(['cancel asked for', 'operation cancelled']);
    expect(new Set(lines.map(({ fields }) => fields['service']))).toEqual(new Set(['test host']));
  });

  it('goes on behind what an earlier attempt has fetched', async () => {
    there.orchestrator.startByType('wait', {}, { id: 'op' });
    await expect.poll(statusThere).toBe('running');
    cursors.set('test host op', there.orchestrator.operations.logs('op').cursor);
    source.cancel('user');
    await expect(run()).rejects.toMatchObject({ code: 'cancelled' });
    expect(messages()).toEqual(['cancel asked for', 'operation cancelled']);
  });

  it('stays there where the work is short', async () => {
    const running = run(undefined, { ...wait, outlives: 'process' });
    await expect.poll(statusThere).toBe('running');
    source.cancel('user');
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    expect(lines).toEqual([]);
  });
});

describe('a host that is gone when its work is cancelled', () => {
  const lost = async (reason: CancelReason): Promise<number> => {
    const running = run(30_000);
    await expect.poll(statusThere).toBe('running');
    isReachable = false;
    const askedAt = systemClock.elapsed();
    source.cancel(reason);
    await expect(running).rejects.toMatchObject({ code: 'cancelled', details: { reason, unconfirmed: true } });
    return systemClock.elapsed() - askedAt;
  };

  it('is not waited for by who is shut down as well', async () => {
    expect(await lost('shutdown')).toBeLessThan(5_000);
  });
});

describe('a host that has lost the record of what it started', () => {
  it('has interrupted the work, which may be begun anew', async () => {
    successor = await testHost();
    await expect(run()).rejects.toMatchObject({
      code: 'interrupted',
      message: 'Operation "op" was started on test host, which does not know it any more. Start it again.',
    });
  });
});
