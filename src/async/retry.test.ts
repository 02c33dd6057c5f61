import { describe, expect, it } from 'vitest';
import { KtrdrError } from '../base/index.ts';
import { CancellationSource, CancellationToken } from './cancellation.ts';
import { systemClock, type Clock } from './clock.ts';
import { retry, retryPauseMs } from './retry.ts';

const policy = { retries: 3, baseMs: 100, maxMs: 300 };

function recordingClock(): { clock: Clock; pauses: number[] } {
  const pauses: number[] = [];
  return { pauses, clock: { ...systemClock, sleep: async (ms) => void pauses.push(ms) } };
}

describe('retry()', () => {
  it('tries again what may succeed later, with pauses that double up to a limit', async () => {
    const { clock, pauses } = recordingClock();
    const act = async (attempt: number): Promise<string> => {
      if (attempt < 3) throw new KtrdrError('unavailable', 'down');
      return 'up';
    };
    await expect(retry(act, { policy, token: CancellationToken.none, clock, random: () => 0.5 })).resolves.toBe('up');
    expect(pauses).toEqual([50, 100, 150]);
  });

  it('gives up when the policy is used up, with the last error', async () => {
    const { clock, pauses } = recordingClock();
    let calls = 0;
    const act = async (): Promise<never> => {
      calls += 1;
      throw new KtrdrError('unavailable', `down ${calls}`);
    };
    await expect(retry(act, { policy, token: CancellationToken.none, clock })).rejects.toThrow('down 4');
    expect(pauses).toHaveLength(3);
  });

  it('does not repeat what cannot succeed', async () => {
    const { clock, pauses } = recordingClock();
    const act = async (): Promise<never> => {
      throw new KtrdrError('invalid_input', 'wrong');
    };
    await expect(retry(act, { policy, token: CancellationToken.none, clock })).rejects.toThrow('wrong');
    expect(pauses).toEqual([]);
  });

  it('waits as long as the other side asks for', async () => {
    const { clock, pauses } = recordingClock();
    const act = async (attempt: number): Promise<number> => {
      if (attempt === 0) throw new KtrdrError('rate_limited', 'slow down', { details: { retryAfterMs: 7_000 } });
      return attempt;
    };
    await retry(act, { policy, token: CancellationToken.none, clock });
    expect(pauses).toEqual([7_000]);
  });

  it('does not wait for more than a minute', async () => {
    const { clock, pauses } = recordingClock();
    const act = async (): Promise<never> => {
      throw new KtrdrError('rate_limited', 'come back tomorrow', { details: { retryAfterMs: 86_400_000 } });
    };
    await expect(retry(act, { policy, token: CancellationToken.none, clock })).rejects.toThrow('come back tomorrow');
    expect(pauses).toEqual([]);
  });

  it('ends a pause when the token is cancelled', async () => {
    using source = new CancellationSource();
    const slow = { retries: 1, baseMs: 60_000, maxMs: 60_000 };
    const act = async (): Promise<never> => {
      queueMicrotask(() => source.cancel());
      throw new KtrdrError('unavailable', 'down');
    };
    await expect(
      retry(act, { policy: slow, token: source.token, clock: systemClock, random: () => 1 }),
    ).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('retryPauseMs()', () => {
  it('spreads clients over the whole pause', () => {
    expect(retryPauseMs(1, policy, () => 0)).toBe(0);
    expect(retryPauseMs(1, policy, () => 0.999)).toBeCloseTo(199.8);
  });
});
