import { appendFile, copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CancellationToken, ManualClock } from '../../async/index.ts';
import { PacingJournal, ageOf } from './pacing-journal.ts';
import { PacingQueue } from './pacing-queue.ts';
import { defaultPacingLimits, type PacedStart } from './pacing.ts';

const memoryMs = 600_000;
const { none } = CancellationToken;
let folder: string;
let upMs: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ktrdr-pacing-'));
  upMs = 5_000_000;
});
afterEach(() => rm(folder, { recursive: true }));

function journal(clock: ManualClock, login = 'accounts DU1'): PacingJournal {
  return new PacingJournal({ folder, login, memoryMs, clock, uptimeMs: () => upMs });
}

function head(instrument: string, at = 0): PacedStart {
  return { kind: 'small', key: `head ${instrument}`, instrument, weight: 1, at };
}

describe('PacingJournal', () => {
  it('tells the next process of the same login what was started, by the time that has passed', async () => {
    await journal(new ManualClock(1_000_000)).record(head('AAPL'));
    upMs += 40_000;
    const next = journal(new ManualClock(1_040_000));
    expect(await next.news()).toEqual({ starts: [head('AAPL', -40_000)] });
    expect(await next.news(), 'told once').toEqual({ starts: [] });
    expect(await journal(new ManualClock(1_040_000), 'accounts DU2').news()).toEqual({ starts: [] });
  });

  it('tells two processes of each other, and none of itself', async () => {
    const clock = new ManualClock(1_000_000);
    const [one, other] = [journal(clock), journal(clock)];
    expect(await one.record(head('AAPL'))).toEqual({ starts: [] });
    expect(await other.record(head('MSFT'))).toEqual({ starts: [head('AAPL')] });
    expect((await one.news()).starts.map(({ instrument }) => instrument)).toEqual(['MSFT']);
    expect(await other.news(), 'told once').toEqual({ starts: [] });
  });

  it('reads on behind a line that a crash has torn', async () => {
    const clock = new ManualClock(1_000_000);
    const writer = journal(clock);
    await writer.record(head('AAPL'));
    const [login = ''] = await readdir(folder);
    const [file = ''] = await readdir(join(folder, login));
    await appendFile(join(folder, login, file), '{"by":"x","at":1');
    await writer.record(head('MSFT'));
    expect((await journal(clock).news()).starts.map(({ instrument }) => instrument)).toEqual(['AAPL', 'MSFT']);
  });

  it('removes what no longer counts', async () => {
    await journal(new ManualClock(1_000_000)).record(head('AAPL'));
    upMs += 2 * memoryMs;
    expect(await journal(new ManualClock(1_000_000 + 2 * memoryMs)).news()).toEqual({ starts: [] });
    const [login = ''] = await readdir(folder);
    expect(await readdir(join(folder, login))).toEqual([]);
  });

  it('keeps the ten-minute budget over a restart', async () => {
    const limits = { ...defaultPacingLimits, small: { count: 3, ms: memoryMs } };
    const before = new ManualClock(1_000_000);
    const first = new PacingQueue({ limits, clock: before, journal: journal(before) });
    for (const name of ['A', 'B', 'C']) await first.run(head(name), () => Promise.resolve(), { token: none });
    upMs += 60_000;
    const after = new ManualClock(1_060_000);
    const second = new PacingQueue({ limits, clock: after, journal: journal(after) });
    const waits: (number | undefined)[] = [];
    let isSent = false;
    const held = second.run(head('D'), () => Promise.resolve((isSent = true)), {
      token: none,
      onWait: ({ forMs }) => waits.push(forMs),
    });
    while (waits.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect([waits[0], isSent]).toEqual([540_000, false]);
    after.advance(540_000);
    await held;
    expect(isSent).toBe(true);
  });

  it('keeps a pause over a restart, for every kind of request, and the next one is longer', async () => {
    const before = new ManualClock(1_000_000);
    const first = new PacingQueue({ limits: defaultPacingLimits, clock: before, journal: journal(before) });
    first.pauseAfterComplaint();
    await vi.waitFor(async () => expect((await journal(before).news()).pause).toBeDefined());

    upMs += 5_000;
    const after = new ManualClock(1_005_000);
    const second = new PacingQueue({ limits: defaultPacingLimits, clock: after, journal: journal(after) });
    const kinds = ['history', 'small', 'message'] as const;
    const waits: unknown[] = [];
    const sent: string[] = [];
    const held = kinds.map((kind) =>
      second.run({ ...head(kind), kind }, async () => void sent.push(kind), {
        token: none,
        onWait: (wait) => waits.push(wait),
      }),
    );
    await vi.waitFor(() => expect(second.waiting).toBe(3));
    expect(new Set(waits.map((wait) => JSON.stringify(wait)))).toEqual(
      new Set([JSON.stringify({ why: 'it asked for a pause', forMs: 10_000 })]),
    );
    expect(second.budget.pausedMs).toBe(10_000);
    after.advance(10_000);
    await Promise.all(held);
    expect(sent.toSorted()).toEqual([...kinds].toSorted());
    second.pauseAfterComplaint();
    expect(second.budget.pausedMs).toBe(30_000);
  });

  it('remembers a pause until it can make no other one longer', async () => {
    const clock = new ManualClock(1_000_000);
    await journal(clock).recordPause(memoryMs);
    const later = async (ms: number): Promise<unknown> => {
      upMs += ms;
      clock.advance(ms);
      return (await journal(clock).news()).pause;
    };
    expect(await later(memoryMs + 1_000)).toEqual({ until: memoryMs, lengthMs: memoryMs });
    expect(await later(memoryMs)).toBeUndefined();
  });

  it('keeps two programs to one budget, also when it is there again for both at one moment', async () => {
    const limits = { ...defaultPacingLimits, small: { count: 3, ms: memoryMs } };
    const clock = new ManualClock(1_000_000);
    const one = new PacingQueue({ limits, clock, journal: journal(clock) });
    const other = new PacingQueue({ limits, clock, journal: journal(clock) });
    const sent: string[] = [];
    const ask = (queue: PacingQueue, names: readonly string[]): Promise<void>[] =>
      names.map((name) => queue.run(head(name), async () => void sent.push(name), { token: none }));
    await Promise.all(ask(one, ['A', 'B', 'C']));
    const waiting = [...ask(one, ['D', 'E', 'F']), ...ask(other, ['G', 'H', 'I'])];
    await vi.waitFor(() => expect([one.waiting, other.waiting]).toEqual([3, 3]));
    const counts: number[] = [];
    for (let left = 6; left > 0; left -= counts.at(-1) ?? 0) {
      const before = sent.length;
      upMs += memoryMs;
      clock.advance(memoryMs);
      await vi.waitFor(() => expect([sent.length > before, one.inFlight, other.inFlight]).toEqual([true, 0, 0]));
      // Time for one too many.
      await new Promise((resolve) => setTimeout(resolve, 20));
      counts.push(sent.length - before);
    }
    await Promise.all(waiting);
    expect(counts.filter((count) => count > 3)).toEqual([]);
    expect(sent.toSorted().join('')).toBe('ABCDEFGHI');
  });

  it('reads on where another program removes a file that is over', async () => {
    const clock = new ManualClock(1_000_000);
    await journal(clock).record(head('AAPL'));
    const [login = '', file = ''] = await readdir(folder, { recursive: true });
    for (let name = 2; name < 60; name += 1) await copyFile(join(folder, file), join(folder, login, `${name}.jsonl`));
    upMs += 99 * memoryMs;
    clock.advance(99 * memoryMs);
    const readers = [];
    for (let reader = 0; reader < 20; reader += 1) {
      readers.push(journal(clock).news());
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await expect(Promise.all(readers)).resolves.toEqual(readers.map(() => ({ starts: [] })));
    expect(await readdir(join(folder, login))).toEqual([]);
  });

  it('sends nothing that it could not write down', async () => {
    const clock = new ManualClock(1_000_000);
    await appendFile(join(folder, 'file'), '');
    const blocked = new PacingJournal({ folder: join(folder, 'file'), login: 'x', memoryMs, clock });
    const queue = new PacingQueue({ limits: defaultPacingLimits, clock, journal: blocked });
    let isSent = false;
    await expect(
      queue.run(head('AAPL'), () => Promise.resolve((isSent = true)), { token: none }),
    ).rejects.toMatchObject({ code: 'failed_precondition' });
    expect([isSent, queue.inFlight]).toEqual([false, 0]);
  });
});

describe('ageOf', () => {
  it.each([
    ['both clocks agree', { wall: 60_000, uptime: 60_000 }, 60_000],
    ['the wall clock was set on by a day', { wall: 86_460_000, uptime: 60_000 }, 60_000],
    ['the wall clock was set back by a day', { wall: -86_340_000, uptime: 60_000 }, 60_000],
    ['the computer was restarted', { wall: 60_000, uptime: -5_000_000 }, 60_000],
    ['the computer was restarted with its clock set back', { wall: -86_340_000, uptime: -5_000_000 }, 0],
  ])('when %s', (_, difference, age) => {
    expect(ageOf(difference)).toBe(age);
  });
});
