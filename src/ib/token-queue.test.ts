import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenQueue } from './token-queue.ts';

describe('TokenQueue', () => {
  it('behaves as the array it replaces', () => {
    const token = fc.option(fc.string(), { nil: undefined });
    const step = fc.oneof(
      fc.record({ kind: fc.constant('push' as const), token }),
      fc.record({ kind: fc.constant('concat' as const), tokens: fc.array(token) }),
      fc.record({ kind: fc.constant('shift' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        let array: (string | undefined)[] = [];
        let queue = new TokenQueue();
        for (const each of steps) {
          const answers: unknown[] = [];
          if (each.kind === 'push') answers.push(array.push(each.token), queue.push(each.token));
          else if (each.kind === 'shift') answers.push(array.shift(), queue.shift());
          else [array, queue] = [array.concat(each.tokens), queue.concat(each.tokens)];
          expect(answers[1]).toBe(answers[0]);
          expect([queue.length, queue[0]]).toEqual([array.length, array[0]]);
        }
      }),
    );
  });
});
