import { describe, expect, it } from 'vitest';
import type { Attempt, Operation } from './operation.ts';
import { operation as recordOf } from './records.fixture.ts';
import { recoveryOf } from './recovery-of.ts';

const operation = recordOf('op');

/** The record of an operation all of whose attempts, the last one included, lived so long. */
function lived(...seconds: number[]): Operation {
  const lives = seconds.map((life, index): Attempt => ({
    number: index + 1,
    startedAt: 0,
    endedAt: life * 1_000,
    ended: 'interrupted',
  }));
  const last = lives.pop();
  return {
    ...operation,
    attempt: seconds.length,
    attempts: lives,
    progress: { ...operation.progress, updatedAt: last?.endedAt ?? 0 },
  };
}

describe('recoveryOf()', () => {
  it.each([
    ['pending', 'never', 'queue'],
    ['pending', 'auto', 'queue'],
    ['running', 'auto', 'retry'],
    ['running', 'manual', 'interrupted'],
    ['running', 'never', 'interrupted'],
    ['cancelling', 'auto', 'stop'],
    ['cancelling', 'manual', 'cancelled'],
    ['cancelling', undefined, 'cancelled'],
    ['running', undefined, 'interrupted'],
    ['pending', undefined, 'interrupted'],
  ] as const)('makes of what was %s, with the policy %s: %s', (status, policy, kind) => {
    expect(recoveryOf({ ...operation, status }, { policy }).kind).toBe(kind);
  });

  it('leaves a part of another operation to that one', () => {
    for (const status of ['pending', 'running'] as const)
      expect(recoveryOf({ ...operation, status, parent: 'whole' }, { policy: 'auto' })).toMatchObject({
        kind: 'interrupted',
      });
  });

  it('waits longer after each quick death in a row, and gives up after five attempts', () => {
    const pauses = [[1], [1, 1], [1, 1, 1], [1, 1, 1, 1], [1, 1, 60], [60, 1], [1, 60, 1, 1]].map((lives) => {
      const recovery = recoveryOf(lived(...lives), { policy: 'auto' });
      return recovery.kind === 'retry' ? recovery.pauseMs : recovery.kind;
    });
    expect(pauses).toEqual([0, 1_000, 2_000, 4_000, 0, 0, 1_000]);
    expect(recoveryOf(lived(1, 1, 1, 1, 1), { policy: 'auto' })).toMatchObject({ kind: 'interrupted' });
  });
});
