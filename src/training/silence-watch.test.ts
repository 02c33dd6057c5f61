import { describe, expect, it } from 'vitest';
import {
  CancellationSource,
  CancellationToken,
  inWorker,
  ManualClock,
  noCheckpoint,
  systemClock,
  type Progress,
  type WorkContext,
} from '../async/index.ts';
import { silentLogger } from '../base/index.ts';
import { endedWhenSilent } from './silence-watch.ts';

const progress: Progress<unknown> = { report: () => {}, within: () => progress };

const context = (over: Partial<WorkContext<unknown>> = {}): WorkContext<unknown> => ({
  id: 'x',
  attempt: 1,
  checkpoint: noCheckpoint,
  token: CancellationToken.none,
  progress,
  log: silentLogger,
  clock: systemClock,
  ...over,
});

/** A thread that runs these lines. */
const thread = (lines: string) =>
  endedWhenSilent<undefined, unknown, unknown>(
    inWorker(new URL(`data:text/javascript,${encodeURIComponent(lines)}`), () => ({}), { graceMs: 20 }),
    150,
  );

describe('endedWhenSilent()', () => {
  it('ends a thread that hangs, and names the cause', async () => {
    const end = thread('for (;;);')(undefined, context());
    await expect(end).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringMatching(/^The training thread reported nothing for 0 s and was ended\./) as string,
      cause: { code: 'cancelled', details: { reason: 'timeout' } },
    });
  });

  it.each([
    ['process.exit(3);', 'The worker thread ended with code 3 before it had a result.'],
    ["throw new Error('out of ideas');", 'The worker thread crashed: out of ideas'],
  ])('leaves the cause to a thread that crashes: %s', async (lines, message) => {
    await expect(thread(lines)(undefined, context())).rejects.toMatchObject({ code: 'internal', message });
  });

  it('leaves a cancel from outside as it is', async () => {
    using source = new CancellationSource();
    const end = thread('for (;;);')(undefined, context({ token: source.token }));
    source.cancel('user');
    await expect(end).rejects.toMatchObject({ code: 'cancelled', details: { reason: 'user' } });
  });

  it('lets work take its time that reports now and then', async () => {
    const clock = new ManualClock();
    const work = endedWhenSilent<undefined, unknown, number>(async (_, { progress: own, token }) => {
      for (let minute = 0; minute < 60; minute += 1) {
        own.within(0, 1).report({ done: minute });
        clock.advance(60_000);
        token.throwIfCancelled();
      }
      clock.advance(90_001);
      token.throwIfCancelled();
      return 1;
    }, 150_000);
    await expect(work(undefined, context({ clock }))).rejects.toMatchObject({
      message: expect.stringContaining('reported nothing for 150 s') as string,
      cause: { code: 'cancelled' },
    });
  });
});
