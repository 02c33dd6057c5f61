import { describe, expect, it } from 'vitest';
import type { Operation } from '../../src/operations/index.ts';
import { History } from './history.ts';

const running: Operation = {
  id: 'a',
  type: 'copy',
  status: 'running',
  input: { from: 1 },
  progress: { phase: '', done: 0, total: 0, fraction: 0, context: {}, startedAt: 1, updatedAt: 1 },
  message: '',
  createdAt: 1,
  startedAt: 1,
  attempt: 1,
  attempts: [],
  priority: 0,
  version: 10,
};
const completed: Operation = {
  ...running,
  status: 'completed',
  endedAt: 2,
  attempts: [{ number: 1, startedAt: 1, endedAt: 2, ended: 'completed' }],
  version: 20,
};

/** What the checker says of the states that somebody saw, in this order, and of what is on the disk. */
function verdict(seen: readonly Operation[], onDisk: Operation | undefined, act?: (history: History) => void): string {
  const history = new History();
  history.started(running);
  for (const operation of seen) history.seen('reader', operation);
  act?.(history);
  return history.violations({ find: () => onDisk }).join('; ');
}

describe('the history checker', () => {
  it('finds nothing in a history without a fault', () => {
    expect(verdict([running, completed, completed], completed, (history) => history.cancelled(completed))).toBe('');
  });

  it.each<[string, RegExp, readonly Operation[], Operation | undefined]>([
    ['an acknowledged operation that is gone', /not on the disk/, [], undefined],
    ['one that never ended', /will never end/, [], running],
    ['other work under the same id', /other work/, [], { ...completed, input: { from: 2 } }],
    ['a terminal state that changed', /became a/, [{ ...completed, version: 15 }], completed],
    ['a terminal state that the disk does not have', /the disk has/, [{ ...completed, version: 21 }], completed],
    ['another content than the disk has', /otherwise than/, [{ ...completed, message: 'x' }], completed],
    ['a reader who goes back', /after version 20/, [completed, running], completed],
    ['one version of two states', /and also/, [{ ...running, message: 'x' }], completed],
    ['a change of the past', /attempt .* changed/, [{ ...completed, version: 15 }], { ...completed, attempts: [] }],
    [
      'a gap in the attempts',
      /not numbered/,
      [],
      { ...completed, attempts: [{ number: 2, startedAt: 1, ended: 'failed' }] },
    ],
    ['an end without a time', /half ended/, [{ ...running, status: 'failed', version: 15 }], completed],
  ])('finds %s', (_, sentence, seen, onDisk) => {
    expect(verdict(seen, onDisk)).toMatch(sentence);
  });

  it('finds a cancel that was acknowledged and forgotten, and a result that changed', () => {
    expect(
      verdict([], completed, (history) => history.cancelled({ ...running, status: 'cancelling', version: 12 })),
    ).toMatch(/acknowledged cancel of a is lost/);
    const twoResults = (history: History): void => {
      history.result('a', '1');
      history.result('a', '2');
    };
    expect(verdict([], completed, twoResults)).toMatch(/result of a changed/);
  });
});
