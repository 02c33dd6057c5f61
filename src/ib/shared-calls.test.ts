import { describe, expect, it } from 'vitest';
import { CancellationSource, CancellationToken, type CancellationToken as Token } from '../async/index.ts';
import { SharedCalls } from './shared-calls.ts';

const { none } = CancellationToken;

/** A call that ends when it is told to, and knows its token. */
function heldCall() {
  let end = (_value: number): void => {};
  const seen: { token?: Token; calls: number } = { calls: 0 };
  const call = ({ token, onPhase }: { token: Token; onPhase: (phase: string) => void }): Promise<number> => {
    seen.token = token;
    seen.calls += 1;
    onPhase('fetching');
    return new Promise((resolve, reject) => {
      end = resolve;
      token.onCancelled(() => reject(new Error('cancelled at the source')));
    });
  };
  return { call, seen, end: (value: number) => end(value) };
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('SharedCalls', () => {
  it('makes one call for all who want the same, and tells them all how it goes', async () => {
    const calls = new SharedCalls<number>();
    const { call, seen, end } = heldCall();
    const phases: string[] = [];
    const first = calls.run('a', { token: none, onPhase: (phase) => phases.push(`1 ${phase}`) }, call);
    await turn();
    const second = calls.run('a', { token: none, onPhase: (phase) => phases.push(`2 ${phase}`) }, call);
    end(5);
    expect(await Promise.all([first, second])).toEqual([5, 5]);
    expect([seen.calls, phases]).toEqual([1, ['1 fetching', '2 fetching']]);
  });

  it('leaves the others their answer when one is cancelled, and ends the call with the last', async () => {
    const calls = new SharedCalls<number>();
    const { call, seen, end } = heldCall();
    using one = new CancellationSource();
    using other = new CancellationSource();
    const first = calls.run('a', { token: one.token }, call);
    const second = calls.run('a', { token: other.token }, call);
    await turn();
    one.cancel('user');
    await expect(first).rejects.toMatchObject({ code: 'cancelled' });
    expect(seen.token?.isCancelled).toBe(false);
    other.cancel('timeout');
    await expect(second).rejects.toMatchObject({ code: 'cancelled', details: { reason: 'timeout' } });
    expect(seen.token?.reason).toBe('timeout');
    const third = calls.run('a', { token: none }, call);
    await turn();
    end(6);
    expect(await third).toBe(6);
    expect(seen.calls).toBe(2);
  });

  it('lets all of them know of a failure, and calls anew after it', async () => {
    const calls = new SharedCalls<number>();
    const fail = (): Promise<number> => Promise.reject(new Error('no'));
    const both = await Promise.allSettled([1, 2].map(() => calls.run('a', { token: none }, fail)));
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(calls.run('a', { token: none }, () => Promise.resolve(1))).resolves.toBe(1);
  });
});
