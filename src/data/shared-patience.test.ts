import { describe, expect, it } from 'vitest';
import { CancellationSource, CancellationToken, ManualClock, type Progress } from '../async/index.ts';
import { KtrdrError, silentLogger } from '../base/index.ts';
import { SharedPatience } from './shared-patience.ts';

const minuteMs = 60_000;

function setUp({ token = CancellationToken.none }: { token?: CancellationToken } = {}) {
  const clock = new ManualClock();
  const progress: Progress<never> = { report: () => {}, within: () => progress };
  return { clock, patience: new SharedPatience(), context: { token, clock, progress, log: silentLogger } };
}

/** Lets time pass in seconds, and what follows from it happen. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('SharedPatience', () => {
  it('gives all requests up together when the source answers none of them, with its last word', async () => {
    const { clock, patience, context } = setUp();
    let asked = 0;
    const neverAnswered = async (token: CancellationToken): Promise<never> => {
      asked += 1;
      await clock.sleep(minuteMs, token);
      throw new KtrdrError('deadline_exceeded', 'No answer.');
    };
    const all = Promise.allSettled([1, 2, 3].map(() => patience.ask(neverAnswered, context)));
    await pass(clock, 4 * minuteMs);
    expect((await all).map((end) => (end.status === 'rejected' ? end.reason : end))).toMatchObject(
      [1, 2, 3].map(() => ({ code: 'deadline_exceeded', message: 'No answer.' })),
    );
    expect(asked, 'three times each, where five would be its own patience').toBe(9);
  });

  it('goes on while the source answers others', async () => {
    const { clock, patience, context } = setUp();
    let tries = 0;
    const answeredAtLast = async (token: CancellationToken): Promise<string> => {
      tries += 1;
      await clock.sleep(minuteMs, token);
      if (tries < 5) throw new KtrdrError('unavailable', 'Not now.');
      return 'at last';
    };
    const slow = patience.ask(answeredAtLast, context);
    for (let minute = 0; minute < 6; minute += 1) {
      expect(await patience.ask(() => Promise.resolve('at once'), context)).toBe('at once');
      await pass(clock, minuteMs);
    }
    expect(await slow).toBe('at last');
  });

  it('bears many failures at the same moment, as when a connection breaks', async () => {
    const { clock, patience, context } = setUp();
    const failsOnce = (): ((token: CancellationToken) => Promise<string>) => {
      let tries = 0;
      return async () => {
        tries += 1;
        if (tries === 1) throw new KtrdrError('unavailable', 'The connection broke.');
        return 'there';
      };
    };
    const all = Promise.all(Array.from({ length: 10 }, () => patience.ask(failsOnce(), context)));
    await pass(clock, 3_000);
    expect(await all).toEqual(Array.from({ length: 10 }).fill('there'));
  });

  it('waits no second time for a source that could not keep its pace, unless it soon can', async () => {
    const { clock, patience, context } = setUp();
    const limited = async (token: CancellationToken): Promise<never> => {
      await clock.sleep(2 * minuteMs, token);
      throw new KtrdrError('rate_limited', 'Too fast.');
    };
    const ended = patience.ask(limited, context).catch((error: unknown) => error);
    await pass(clock, 5 * minuteMs);
    expect(await ended).toMatchObject({ code: 'rate_limited' });
  });

  it('gives all up when the source says that it will be away for long', async () => {
    const { clock, patience, context } = setUp();
    const away = async (): Promise<never> => {
      throw new KtrdrError('rate_limited', 'Not for ten minutes.', { details: { retryAfterMs: 10 * minuteMs } });
    };
    const other = patience.ask((token) => clock.sleep(60 * minuteMs, token), context).catch((error: unknown) => error);
    await expect(patience.ask(away, context)).rejects.toMatchObject({ code: 'rate_limited' });
    expect(await other).toMatchObject({ code: 'rate_limited', message: 'Not for ten minutes.' });
  });

  it('ends at once with a cancel, whatever the source said', async () => {
    using source = new CancellationSource();
    const { clock, patience, context } = setUp({ token: source.token });
    const ended = patience
      .ask(() => Promise.reject(new KtrdrError('unavailable', 'Not now.')), context)
      .catch((error: unknown) => error);
    await pass(clock, 1_000);
    source.cancel('user');
    expect(await ended).toMatchObject({ code: 'cancelled', details: { reason: 'user' } });
  });
});
