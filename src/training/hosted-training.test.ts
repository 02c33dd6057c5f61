import { beforeEach, describe, expect, it } from 'vitest';
import { cancelledError, CancellationSource, systemClock } from '../async/index.ts';
import { KtrdrError, silentLogger } from '../base/index.ts';
import { noChildren, operationSchema, type Operation, type OperationContext } from '../operations/index.ts';
import { HostedTraining, type TrainingHost } from './hosted-training.ts';
import type { TrainModelContext, TrainModelResult } from './train-model.ts';

const stoppedThere = operationSchema.parse({
  id: 'op',
  type: 'train_model',
  status: 'cancelled',
  input: {},
  progress: { phase: '', done: 0, total: 0, fraction: 0, context: {}, startedAt: 0, updatedAt: 0 },
  message: '',
  createdAt: 0,
  cancellation: { reason: 'shutdown', requestedAt: 0, forced: false },
  attempt: 1,
  attempts: [],
  priority: 0,
  version: 1,
});

let source: CancellationSource;
/** What the record here has kept, oldest first. */
let kept: unknown[];
/** The operations of the host that were joined, and whether only to be stopped. */
let joined: { id: string; isStop: boolean }[];

beforeEach(() => {
  source = new CancellationSource();
  kept = [];
  joined = [];
});

function contextOf(last: unknown): OperationContext<TrainModelContext> {
  return {
    id: 'op',
    attempt: 2,
    checkpoint: { last, save: (value) => void kept.push(value) },
    children: noChildren,
    token: source.token,
    progress: { report: () => {}, within: (): never => expect.unreachable() },
    log: silentLogger,
    clock: systemClock,
  };
}

function hostAt(address: string, host: Partial<TrainingHost> = {}): TrainingHost {
  return {
    address,
    get: () => Promise.resolve(stoppedThere),
    resume: () => expect.unreachable(),
    train: (id) => {
      const isStop = source.token.isCancelled;
      joined.push({ id, isStop });
      return isStop ? Promise.reject(cancelledError('user')) : expect.unreachable();
    },
    ...host,
  };
}

const run = (last: unknown, host: TrainingHost): Promise<TrainModelResult> =>
  new HostedTraining(contextOf(last), host).run();

describe('a training that is cancelled while its host is asked to go on with it', () => {
  it('has what the host goes on with stopped, and knows it from then on', async () => {
    let answer: (operation: Operation) => void = () => {};
    const result = run(
      { hostOperation: 'op', host: 'http://far' },
      hostAt('http://far', {
        resume: () => {
          queueMicrotask(() => source.cancel('user'));
          return new Promise((resolve) => (answer = resolve));
        },
      }),
    );
    await expect.poll(() => source.token.isCancelled).toBe(true);
    expect(joined).toEqual([]);
    answer({ ...stoppedThere, id: 'next', status: 'running' });
    await expect(result).rejects.toMatchObject({ code: 'cancelled' });
    expect(joined).toEqual([{ id: 'next', isStop: true }]);
    expect(kept.at(-1)).toEqual({ hostOperation: 'next', host: 'http://far', isTaken: true, keptBy: 'op' });
  });
});

describe('a training on a host, in its second attempt', () => {
  const stoppedByUser: Operation = { ...stoppedThere, cancellation: { reason: 'user', requestedAt: 0, forced: false } };
  /** What the host was asked to go on with, by a training that has found this in its record. */
  const resumedAfter = async (place: Record<string, unknown>): Promise<string[]> => {
    const resumed: string[] = [];
    const host = hostAt('http://far', {
      get: () => Promise.resolve(stoppedByUser),
      resume: (id) => {
        resumed.push(id);
        return Promise.resolve({ ...stoppedThere, id: 'next', status: 'running' });
      },
      train: () => Promise.reject(new KtrdrError('internal', 'Enough.')),
    });
    await expect(run({ host: 'http://far', ...place }, host)).rejects.toThrow('Enough.');
    return resumed;
  };

  it('still goes on from what another has left, when the first attempt never reached the host', async () => {
    expect(await resumedAfter({ hostOperation: 'before', keptBy: 'before' })).toEqual(['op']);
  });

  it('ends as its own operation there has ended', async () => {
    expect(await resumedAfter({ hostOperation: 'op', keptBy: 'op' })).toEqual([]);
    expect(await resumedAfter({ hostOperation: 'op' }), 'kept by an older program').toEqual([]);
  });
});

describe('a training that is only to be stopped', () => {
  const unknown: TrainingHost['train'] = () =>
    Promise.reject(cancelledError('user', undefined, { service: 'training host', unknown: true }));

  beforeEach(() => source.cancel('user'));

  it('is not taken for stopped because another host does not know it', async () => {
    const result = run({ hostOperation: 'op', host: 'http://far' }, hostAt('http://near', { train: unknown }));
    await expect(result).rejects.toMatchObject({
      code: 'cancelled',
      message: 'Cancelled at the request of the user during operation "op" at http://far, which is not asked any more.',
      details: { reason: 'user', host: 'http://far', unconfirmed: true },
    });
  });

  it('has stopped, or never begun, when its own host does not know it', async () => {
    const thrown = await run(
      { hostOperation: 'op', host: 'http://far' },
      hostAt('http://far', { train: unknown }),
    ).catch((error: unknown) => KtrdrError.from(error));
    expect(thrown).toMatchObject({ code: 'cancelled', details: { reason: 'user' } });
    expect(thrown).not.toMatchObject({ details: { unconfirmed: true } });
  });

  it('has the operation stopped with which the host has gone on', async () => {
    const result = run({ hostOperation: 'next', host: 'http://far' }, hostAt('http://near'));
    await expect(result).rejects.toMatchObject({ code: 'cancelled' });
    expect(joined).toEqual([{ id: 'next', isStop: true }]);
  });
});
