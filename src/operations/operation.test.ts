import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cancelAcknowledged,
  cancelRequested,
  ended,
  interrupted,
  isTerminal,
  operationSchema,
  operationStatuses,
  queued,
  retried,
  started,
  type Operation,
  type OperationStatus,
} from './operation.ts';

const beginning = {
  progress: { phase: '', done: 0, total: 0, fraction: 0, context: {}, startedAt: 5, updatedAt: 5 },
  message: '',
};
const error = { type: 'about:blank', title: 'x', status: 500, code: 'internal', detail: 'x' } as const;
const fresh: Operation = {
  id: 'op',
  type: 'climb',
  status: 'pending',
  input: {},
  ...beginning,
  createdAt: 1,
  attempt: 1,
  attempts: [],
  priority: 0,
  version: 1,
};
const inStatus = (status: OperationStatus): Operation => ({ ...fresh, status });

const moves = {
  running: (operation: Operation) => started(operation, beginning, 10),
  cancelling: (operation: Operation) => cancelRequested(operation, 'user', 20),
  completed: (operation: Operation) => ended(operation, { status: 'completed' }, 30),
  failed: (operation: Operation) => ended(operation, { status: 'failed', error }, 30),
  cancelled: (operation: Operation) => ended(operation, { status: 'cancelled', error, forced: true }, 30),
};

describe('the states of an operation', () => {
  const allowed: Record<OperationStatus, readonly OperationStatus[]> = {
    pending: ['running', 'cancelling', 'failed'],
    running: ['cancelling', 'completed', 'failed'],
    cancelling: ['completed', 'failed', 'cancelled'],
    completed: [],
    failed: [],
    cancelled: [],
  };

  it('have all of the work done where it has completed, whatever it reported last', () => {
    const progress = { ...fresh.progress, fraction: 0.5, remainingMs: 900, remaining: { p50Ms: 500, p90Ms: 800 } };
    const running: Operation = { ...inStatus('running'), progress };
    expect(moves.completed(running).progress).toEqual({ ...fresh.progress, fraction: 1 });
    expect(moves.failed(running).progress).toEqual(progress);
  });

  for (const from of operationStatuses) {
    for (const [to, move] of Object.entries(moves)) {
      const isAllowed = allowed[from].some((status) => status === to);
      it(`${isAllowed ? 'lead' : 'do not lead'} from ${from} to ${to}`, () => {
        if (isAllowed) expect(move(inStatus(from)).status).toBe(to);
        else expect(() => move(inStatus(from))).toThrow(expect.objectContaining({ code: 'conflict' }));
      });
    }
  }

  it('hold no place in a queue once it runs or has ended, and their own progress again', () => {
    const waiting = queued(fresh, 3);
    expect(waiting).toMatchObject({ queuePlace: 3, message: 'Queued, 2 ahead', progress: { phase: 'queued' } });
    expect(started(waiting, beginning, 10)).toEqual({ ...fresh, status: 'running', startedAt: 10 });
    expect(moves.failed(waiting)).not.toHaveProperty('queuePlace');
  });

  it('keep every attempt that began, with how it ended', () => {
    const second = started(retried(started(fresh, beginning, 10), beginning), beginning, 40);
    expect(second).toMatchObject({ attempt: 2, startedAt: 40 });
    const last = ended(second, { status: 'failed', error }, 50);
    expect(last.attempts).toEqual([
      { number: 1, startedAt: 10, endedAt: 10, ended: 'interrupted' },
      { number: 2, startedAt: 40, endedAt: 50, ended: 'failed', error },
    ]);
    expect(moves.failed(fresh).attempts, 'it never began').toEqual([]);
    expect(moves.failed(interrupted(second)).attempts, 'noted once').toHaveLength(2);
  });

  it('keep the three times of a cancel', () => {
    const asked = cancelAcknowledged(cancelRequested(started(fresh, beginning, 10), 'timeout', 20), 21);
    expect(ended(asked, { status: 'cancelled', error, forced: false }, 25).cancellation).toEqual({
      reason: 'timeout',
      requestedAt: 20,
      acknowledgedAt: 21,
      stoppedAt: 25,
      forced: false,
    });
  });

  it('give a record that is readable whatever happened, and that never leaves an end', () => {
    const names = fc.constantFrom(...(Object.keys(moves) as (keyof typeof moves)[]));
    fc.assert(
      fc.property(fc.array(names, { maxLength: 12 }), (path) => {
        let operation = fresh;
        for (const name of path) {
          const before = operation;
          try {
            operation = moves[name](operation);
            expect(isTerminal(before.status)).toBe(false);
          } catch (refused) {
            expect(refused).toMatchObject({ code: 'conflict' });
          }
          expect(operationSchema.parse(JSON.parse(JSON.stringify(operation)))).toEqual(operation);
        }
      }),
    );
  });
});
