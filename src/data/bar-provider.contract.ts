import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CancellationSource,
  CancellationToken,
  noCheckpoint,
  type Clock,
  type ProgressUpdate,
} from '../async/index.ts';
import { silentLogger } from '../base/index.ts';
import {
  barCount,
  barsInRange,
  calendarOf,
  checkBars,
  concatBars,
  dayMs,
  emptyBars,
  expectedBars,
  isIntraday,
  timeframes,
  type Bars,
  type Timeframe,
  type TimeRange,
} from '../market/index.ts';
import { noChildren, type OperationContext } from '../operations/index.ts';
import type { BarProvider, BarRequest } from './bar-provider.ts';
import type { FetchBarsContext } from './fetch-bars.ts';

/** A provider, and a hold on the source behind it. */
export interface ProviderUnderTest extends AsyncDisposable {
  readonly provider: BarProvider;
  readonly clock: Clock;
  /** Requests for bars that the source works at. */
  asked(): number;
  /** These, and whatever waits for them on the way. */
  underWay(): number;
  /** Makes the source take requests for bars and leave them unanswered, until the result is disposed of. */
  mute(): Disposable;
  /** Makes the source fail each request for bars in a way, from now on. */
  spoil(code: SourceFailure): Promise<void>;
  /** Makes the source go away. */
  close(): Promise<void>;
}

/** `conflict` can only be had by a provider that has not asked yet. */
const sourceFailures = ['rate_limited', 'deadline_exceeded', 'data_corrupt', 'conflict'] as const;
export type SourceFailure = (typeof sourceFailures)[number];

export interface OpenOptions {
  /** Waits and pauses last some milliseconds. */
  readonly isImpatient?: boolean;
}

/** What the source knows. Its clock stands in 2025 or later, and no bar of `known` is missing in the twenty years before. */
export interface SourceContents {
  /** Spellings of instruments, and their canonical names. */
  readonly known: readonly (readonly [spelling: string, symbol: string])[];
  readonly unknown: string;
  /** Known, and without history. */
  readonly bare: string;
  /** Known, and not for this account. */
  readonly forbidden: string;
}

/** What `BarProvider` promises, for each that there is. Each `open` gives another provider over a source of the same contents. */
export function barProviderContract(
  name: string,
  { known, unknown, bare, forbidden }: SourceContents,
  open: (options?: OpenOptions) => Promise<ProviderUnderTest>,
): void {
  const end = Date.parse('2025-06-09');
  const hours: BarRequest = {
    symbol: known[0]?.[1] ?? unknown,
    timeframe: '1h',
    range: { start: end - 30 * dayMs, end },
  };

  describe(`${name} answers`, () => {
    let world: ProviderUnderTest;
    beforeAll(async () => void (world = await open()));
    afterAll(() => world[Symbol.asyncDispose]());

    it.each(known)('for "%s" with what it knows of %s', async (spelling, symbol) => {
      const instrument = await world.provider.describe(spelling, within());
      expect(instrument).toEqual(await world.provider.describe(symbol, within()));
      expect(instrument.symbol).toBe(symbol);
      for (const timeframe of timeframes)
        expect(world.provider.maxSpanMs(timeframe, instrument)).toBeGreaterThanOrEqual(dayMs);
    });

    it.each(known.flatMap(([, symbol]) => timeframes.map((timeframe) => [symbol, timeframe] as const)))(
      'with the bars of %s %s, in one request of the longest span',
      async (symbol, timeframe) => {
        const { calendar, ...instrument } = await world.provider.describe(symbol, within());
        const start = end - world.provider.maxSpanMs(timeframe, { calendar, ...instrument });
        const bars = await barsOf(world, { symbol, timeframe, range: { start, end } });
        checkBars(bars, `${symbol} ${timeframe}`);
        expect(bars.time).toEqual(expectedBars(calendarOf(calendar), timeframe, { start, end }).start);
        expect(barCount(bars)).toBeGreaterThan(100);
        if (!isIntraday(timeframe)) expect(bars.time.every((stamp) => stamp % dayMs === 0)).toBe(true);
      },
    );

    it('with bars strictly inside the range, wherever it is cut', async () => {
      const whole = await barsOf(world, hours);
      const inside = { start: whole.time[3] ?? 0, end: whole.time[20] ?? 0 };
      expect(await barsOf(world, { ...hours, range: inside })).toEqual(barsInRange(whole, inside));
      const between = { start: inside.start + 1, end: inside.end + 1 };
      expect(await barsOf(world, { ...hours, range: between })).toEqual(barsInRange(whole, between));
    });

    it.each(['5m', '1h', '1d', '1w'] as const)('with two halves of %s that make the whole', async (timeframe) => {
      const range = { start: end - (isIntraday(timeframe) ? 7 : 364) * dayMs, end };
      const request = { ...hours, timeframe, range };
      const whole = await barsOf(world, request);
      const unit = isIntraday(timeframe) ? 1_000 : dayMs;
      const anyCut = fc.integer({ min: range.start / unit + 1, max: end / unit - 1 }).map((at) => at * unit);
      await fc.assert(
        fc.asyncProperty(anyCut, async (cut) => {
          const older = await barsOf(world, { ...request, range: { start: range.start, end: cut } });
          const newer = await barsOf(world, { ...request, range: { start: cut, end } });
          expect(concatBars([older, newer])).toEqual(whole);
        }),
        { numRuns: 4 },
      );
    });

    it('twice with the same bars, from another provider, too', async () => {
      const bars = await barsOf(world, hours);
      expect(await barsOf(world, hours)).toEqual(bars);
      await using other = await open();
      expect(await barsOf(other, hours)).toEqual(bars);
    });

    it('as many requests at a time as it says, each with its own bars', async () => {
      const { requestsAtOnce } = world.provider;
      expect(requestsAtOnce).toBeGreaterThanOrEqual(1);
      const ranges = Array.from({ length: requestsAtOnce }, (_, index): TimeRange => {
        const start = end - (requestsAtOnce - index) * 7 * dayMs;
        return { start, end: start + 7 * dayMs };
      });
      const parts = await Promise.all(ranges.map((range) => barsOf(world, { ...hours, range })));
      const range = { start: ranges[0]?.start ?? end, end };
      expect(concatBars(parts)).toEqual(await barsOf(world, { ...hours, range }));
    });

    describe.each(known)('where the history of "%s" begins,', (_, symbol) => {
      it.each(timeframes)(
        'by the stamp of its oldest bar of %s, and gives what there is from before',
        async (timeframe) => {
          const earliest = (await world.provider.earliest(symbol, timeframe, within())) ?? Number.NaN;
          const { calendar, ...instrument } = await world.provider.describe(symbol, within());
          const maxSpanMs = world.provider.maxSpanMs(timeframe, { calendar, ...instrument });
          const date = Math.floor(earliest / dayMs) * dayMs;
          const spanMs = Math.max(dayMs, Math.floor(Math.min(maxSpanMs, 400 * dayMs) / 2 / dayMs) * dayMs);
          const since = { start: earliest, end: date + spanMs };
          const bars = await barsOf(world, { symbol, timeframe, range: since });
          expect(bars.time[0]).toBe(earliest);
          const around = { ...since, start: Math.max(date - spanMs, since.end - maxSpanMs) };
          expect(await barsOf(world, { symbol, timeframe, range: around })).toEqual(bars);
          const until = isIntraday(timeframe) ? earliest : date;
          const before = { start: Math.max(date - spanMs, until - maxSpanMs), end: until };
          const fetched = await world.provider.fetch({ symbol, timeframe, range: before }, context(world));
          expect(fetched).toEqual({ kind: 'empty' });
        },
      );
    });

    it('that there is no beginning where there is no history', async () => {
      expect(await world.provider.earliest(bare, '1d', within())).toBeUndefined();
    });

    it.each([
      ['1h', '2025-06-07', '2025-06-08'],
      ['1h', '1950-01-02', '1950-02-02'],
      ['1d', '1950-01-02', '1951-01-02'],
    ] as [Timeframe, string, string][])('that %s has no bars from %s to %s', async (timeframe, from, to) => {
      const range = { start: Date.parse(from), end: Date.parse(to) };
      const fetched = await world.provider.fetch({ ...hours, timeframe, range }, context(world));
      expect(fetched).toEqual({ kind: 'empty' });
    });

    it('with progress that ends at the whole', async () => {
      const updates: ProgressUpdate<FetchBarsContext>[] = [];
      await world.provider.fetch({ ...hours, timeframe: '2h' }, context(world, { updates }));
      expect(updates.at(-1)).toMatchObject({ done: 1, total: 1 });
      for (const { context: told } of updates) expect(told?.requestsLeft ?? 0).toBeGreaterThanOrEqual(0);
    });

    it('that it does not know an unknown symbol', async () => {
      const refused = { code: 'not_found', message: expect.stringContaining(unknown) as string };
      await expect(world.provider.describe(unknown, within())).rejects.toMatchObject(refused);
      await expect(world.provider.earliest(unknown, '1d', within())).rejects.toMatchObject({ code: 'not_found' });
      await expect(barsOf(world, { ...hours, symbol: unknown })).rejects.toMatchObject({ code: 'not_found' });
    });

    it('that a text is no symbol', async () => {
      const refused = { code: 'invalid_input' };
      await expect(world.provider.describe('?!', within())).rejects.toMatchObject(refused);
      await expect(world.provider.earliest('?!', '1d', within())).rejects.toMatchObject(refused);
      await expect(barsOf(world, { ...hours, symbol: '?!' })).rejects.toMatchObject(refused);
    });

    it('that bars are still to come, which is no emptiness to remember', async () => {
      const start = Math.ceil(world.clock.now() / dayMs) * dayMs;
      for (const timeframe of ['1m', '1d'] as const) {
        const range = { start, end: start + dayMs };
        await expect(barsOf(world, { ...hours, timeframe, range })).rejects.toMatchObject({
          code: 'failed_precondition',
        });
      }
    });

    it('that an instrument is not for this account', async () => {
      const refused = { code: 'permission_denied' };
      await expect(barsOf(world, { ...hours, symbol: forbidden })).rejects.toMatchObject(refused);
      await expect(world.provider.earliest(forbidden, '1d', within())).rejects.toMatchObject(refused);
    });
  });

  describe(`${name} that is cancelled`, () => {
    it('in the middle of a fetch ends within a second, leaves nothing open and can be asked again', async () => {
      await using world = await open();
      using source = new CancellationSource();
      using muted = world.mute();
      const failure = barsOf(world, hours, source.token).catch((error: unknown) => error);
      await expect.poll(() => world.asked(), { interval: 5 }).toBe(1);
      const cancelledAt = performance.now();
      source.cancel('user');
      expect(await failure).toMatchObject({ code: 'cancelled', details: { reason: 'user' } });
      await expect.poll(() => world.underWay(), { interval: 5 }).toBe(0);
      expect(performance.now() - cancelledAt).toBeLessThan(1_000);
      muted[Symbol.dispose]();
      const later = { ...hours, range: { start: end - 7 * dayMs, end } };
      expect(barCount(await barsOf(world, later))).toBeGreaterThan(0);
    });

    it('before it begins asks nobody', async () => {
      await using world = await open();
      using source = new CancellationSource();
      source.cancel('user');
      const { token } = source;
      const refused = { code: 'cancelled' };
      await expect(barsOf(world, hours, token)).rejects.toMatchObject(refused);
      await expect(world.provider.describe(hours.symbol, { token })).rejects.toMatchObject(refused);
      await expect(world.provider.earliest(hours.symbol, '1d', { token })).rejects.toMatchObject(refused);
      expect(world.underWay()).toBe(0);
    });
  });

  it.each(sourceFailures)(`${name} tells what its source fails with: %s`, async (code) => {
    await using world = await open({ isImpatient: true });
    await world.spoil(code);
    await expect(barsOf(world, hours)).rejects.toMatchObject({ code });
  });

  it(`${name} says that its source is unavailable when it is gone`, async () => {
    await using world = await open();
    await world.close();
    const refused = { code: 'unavailable' };
    await expect(barsOf(world, hours)).rejects.toMatchObject(refused);
    await expect(world.provider.describe(hours.symbol, within())).rejects.toMatchObject(refused);
    await expect(world.provider.earliest(hours.symbol, '1d', within())).rejects.toMatchObject(refused);
  });
}

const within = (): { token: CancellationToken } => ({ token: CancellationToken.none });

async function barsOf(world: ProviderUnderTest, request: BarRequest, token = CancellationToken.none): Promise<Bars> {
  const fetched = await world.provider.fetch(request, context(world, { token }));
  return fetched.kind === 'bars' ? fetched.bars : emptyBars;
}

let fetches = 0;

function context(
  { clock }: ProviderUnderTest,
  {
    token = CancellationToken.none,
    updates = [],
  }: { token?: CancellationToken; updates?: ProgressUpdate<FetchBarsContext>[] } = {},
): OperationContext<FetchBarsContext> {
  fetches += 1;
  const progress = {
    report: (update: ProgressUpdate<FetchBarsContext>) => void updates.push(update),
    within: () => progress,
  };
  return {
    id: `fetch-${fetches}`,
    attempt: 1,
    checkpoint: noCheckpoint,
    children: noChildren,
    token,
    progress,
    log: silentLogger,
    clock,
  };
}
