import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  CancellationSource,
  CancellationToken,
  noCheckpoint,
  systemClock,
  type Clock,
  type ProgressUpdate,
} from '../async/index.ts';
import { silentLogger } from '../base/index.ts';
import type { BarRequest, FetchBarsContext } from '../data/index.ts';
import {
  barCount,
  calendarOf,
  emptyBars,
  expectedBars,
  parseReportedHours,
  type Bars,
  type TimeRange,
  type Timeframe,
} from '../market/index.ts';
import { noChildren, type OperationContext } from '../operations/index.ts';
import { IbBarProvider } from './ib-bar-provider.ts';
import { IbGateway } from './ib-gateway.ts';
import { allocateIbBars } from './wire/ib-bars.ts';
import { startGatewaySimulator, type GatewaySimulator, type GatewaySimulatorOptions } from './simulator/index.ts';

/** Friday noon in New York. */
const now = Date.parse('2025-06-13T16:00:30Z');
const clock: Clock = {
  now: () => now,
  elapsed: () => systemClock.elapsed(),
  after: (ms, callback) => systemClock.after(ms, callback),
  sleep: (ms, token) => systemClock.sleep(ms, token),
};
const { none } = CancellationToken;
const replay = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource[Symbol.asyncDispose]();
});

async function start(
  options: GatewaySimulatorOptions = {},
): Promise<{ simulator: GatewaySimulator; provider: IbBarProvider }> {
  const simulator = await startGatewaySimulator({ clock, ...options });
  open.push(simulator);
  const gateway = new IbGateway({ host: simulator.host, port: simulator.port, clock, log: silentLogger });
  open.push(gateway);
  return { simulator, provider: new IbBarProvider(gateway, clock) };
}

function context(updates: ProgressUpdate<FetchBarsContext>[] = []): OperationContext<FetchBarsContext> {
  const progress = {
    report: (update: ProgressUpdate<FetchBarsContext>) => updates.push(update),
    within: () => progress,
  };
  return {
    id: 'test',
    attempt: 1,
    checkpoint: noCheckpoint,
    children: noChildren,
    token: none,
    progress,
    log: silentLogger,
    clock,
  };
}

async function fetchBars(provider: IbBarProvider, request: BarRequest): Promise<Bars> {
  const fetched = await provider.fetch(request, context());
  return fetched.kind === 'bars' ? fetched.bars : emptyBars;
}

function dates(start: string, end: string): TimeRange {
  return { start: Date.parse(start), end: Date.parse(end) };
}

const requestHistory = 20;

function historyRequests({ messages }: GatewaySimulator): (readonly string[])[] {
  return messages
    .filter(({ direction, id }) => direction === 'received' && id === requestHistory)
    .map(({ fields }) => fields.slice(14, 18));
}

describe('IbBarProvider', () => {
  it('describes a stock and a pair, and remembers them', async () => {
    const { simulator, provider } = await start();
    expect(await provider.describe('aapl', { token: none })).toEqual({
      symbol: 'AAPL',
      assetType: 'stock',
      calendar: 'us_equities',
      description: 'APPLE INC',
      exchange: 'NASDAQ',
      origin: { source: 'ib', settings: { whatToShow: 'TRADES', regularHoursOnly: true } },
      currency: 'USD',
      hours: expect.stringContaining('20250613:') as string,
      timeZone: 'US/Eastern',
    });
    expect(await provider.describe('EURUSD', { token: none })).toEqual({
      symbol: 'EUR.USD',
      assetType: 'currency',
      calendar: 'currencies',
      description: 'European Monetary Union Euro / United States dollar',
      exchange: 'IDEALPRO',
      origin: { source: 'ib', settings: { whatToShow: 'MIDPOINT', regularHoursOnly: false } },
      currency: 'USD',
      hours: expect.stringContaining('20250613:') as string,
      timeZone: 'US/Eastern',
    });
    const before = simulator.counters.messages;
    await provider.describe('AAPL', { token: none });
    expect(simulator.counters.messages).toBe(before);
  });

  it('describes funds, indices and futures, and loads no future', async () => {
    const { provider } = await start();
    expect(await provider.describe('spy', context())).toMatchObject({ assetType: 'etf', calendar: 'us_equities' });
    expect(await provider.describe('^SPX', context())).toMatchObject({ symbol: 'SPX', assetType: 'index' });
    const future = await provider.describe('ESU25', context());
    expect(future).toMatchObject({ symbol: 'ES-202509', assetType: 'future', exchange: 'CME' });
    await expect(provider.earliest('ESU25', '1d', context())).rejects.toMatchObject({ code: 'failed_precondition' });
  });

  it('reports hours that the calendars understand', async () => {
    const { provider } = await start();
    const { hours = '', timeZone = '' } = await provider.describe('AAPL', context());
    const [today] = parseReportedHours(hours, timeZone).filter(({ date }) => date === Date.parse('2025-06-13'));
    expect(today?.sessions).toMatchObject([
      { open: Date.parse('2025-06-13T13:30Z'), close: Date.parse('2025-06-13T20:00Z') },
    ]);
  });

  it('knows where a history begins: an instant, or the date of a session', async () => {
    const { provider } = await start();
    expect(await provider.earliest('AAPL', '1h', { token: none })).toBe(Date.parse('1998-01-02T14:30:00Z'));
    expect(await provider.earliest('AAPL', '1d', { token: none })).toBe(Date.parse('1998-01-02'));
    const first = await provider.earliest('EUR.USD', '1d', { token: none });
    const bars = await fetchBars(provider, {
      symbol: 'EUR.USD',
      timeframe: '1d',
      range: dates('2005-01-01', '2006-01-01'),
    });
    expect(bars.time[0]).toBe(first);
  });

  it('asks once for the start of a history that two loads want to know at the same time', async () => {
    const { simulator, provider } = await start();
    const begun = performance.now();
    const [hours, days] = await Promise.all([
      provider.earliest('AAPL', '1h', { token: none }),
      provider.earliest('AAPL', '1d', { token: none }),
    ]);
    expect(hours).toBe(Date.parse('1998-01-02T14:30:00Z'));
    expect(days).toBe(Date.parse('1998-01-02'));
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(simulator.messages.filter(({ direction, id }) => direction === 'received' && id === 87)).toHaveLength(1);
  });

  it('says not_found for what IB does not know', async () => {
    const { provider } = await start();
    const unknown = expect.objectContaining({ code: 'not_found' });
    await expect(provider.describe('NOSUCH', { token: none })).rejects.toEqual(unknown);
    await expect(provider.earliest('NOSUCH', '1d', { token: none })).rejects.toEqual(unknown);
    const range = dates('2025-06-02', '2025-06-03');
    await expect(provider.fetch({ symbol: 'NOSUCH', timeframe: '1h', range }, context())).rejects.toEqual(unknown);
  });

  it.each([
    ['AAPL', '1m', '2025-06-05', '2025-06-12'],
    ['AAPL', '5m', '2025-05-15', '2025-06-12'],
    ['AAPL', '1h', '2025-01-02', '2025-06-12'],
    ['AAPL', '4h', '2024-07-01', '2025-06-12'],
    ['AAPL', '1d', '2023-06-15', '2025-06-13'],
    ['AAPL', '1w', '2015-01-01', '2025-06-09'],
    ['AAPL', '1M', '2005-01-01', '2025-06-01'],
    ['SPX', '1h', '2025-01-02', '2025-06-12'],
    ['EUR.USD', '1w', '2020-01-01', '2025-06-09'],
    ['EUR.USD', '2h', '2025-01-05', '2025-06-12'],
    ['EUR.USD', '1m', '2025-06-09', '2025-06-10'],
    ['EUR.USD', '1h', '2025-01-05', '2025-06-12'],
    ['EUR.USD', '1d', '2023-06-15', '2025-06-13'],
  ] as [string, Timeframe, string, string][])(
    'fetches exactly the bars of %s %s from %s to %s, in one request',
    async (symbol, timeframe, from, to) => {
      const { simulator, provider } = await start();
      const range = dates(from, to);
      const calendar = calendarOf(symbol === 'EUR.USD' ? 'currencies' : 'us_equities');
      const bars = await fetchBars(provider, { symbol, timeframe, range });
      expect(bars.time).toEqual(expectedBars(calendar, timeframe, range).start);
      expect(bars.volume.every((volume) => (symbol === 'AAPL' ? volume >= 0 : Number.isNaN(volume)))).toBe(true);
      expect(historyRequests(simulator)).toHaveLength(1);
      expect(barCount(bars)).toBeLessThanOrEqual(4_000);
    },
  );

  it('cuts strictly at the edges of the range', async () => {
    const { provider } = await start();
    const whole = await fetchBars(provider, {
      symbol: 'AAPL',
      timeframe: '1h',
      range: dates('2025-06-09', '2025-06-11'),
    });
    const range = { start: whole.time[2] ?? 0, end: whole.time[9] ?? 0 };
    const part = await fetchBars(provider, { symbol: 'AAPL', timeframe: '1h', range });
    expect(part.time).toEqual(whole.time.subarray(2, 9));
    expect(part.close).toEqual(whole.close.subarray(2, 9));
  });

  it('never asks beyond now', async () => {
    const { simulator, provider } = await start();
    const range = dates('2025-06-12', '2025-06-20');
    const bars = await fetchBars(provider, { symbol: 'AAPL', timeframe: '1h', range });
    expect(historyRequests(simulator)[0]?.[0]).toBe('20250613-16:00:30');
    expect(bars.time.at(-1)).toBe(Date.parse('2025-06-13T16:00:00Z'));
  });

  it.each([
    ['1h', dates('2025-06-14', '2025-06-20')],
    ['1h', dates('2025-06-13T16:00:40Z', '2025-06-13T17:00Z')],
    ['1d', dates('2025-06-14', '2025-06-20')],
  ] as const)('does not call a %s range empty that is still to come', async (timeframe, range) => {
    const { provider } = await start();
    await expect(provider.fetch({ symbol: 'AAPL', timeframe, range }, context())).rejects.toMatchObject({
      code: 'failed_precondition',
    });
  });

  it('does not call a range empty whose bars are still to come today', async () => {
    const early = Date.parse('2025-06-13T12:00:00Z');
    const { provider } = await start({ clock: { now: () => early } });
    const today = { symbol: 'AAPL', timeframe: '1h', range: dates('2025-06-13', '2025-06-14') } as const;
    const beforeOpen = { ...context(), clock: { ...clock, now: () => early } };
    await expect(provider.fetch(today, beforeOpen)).rejects.toMatchObject({ code: 'failed_precondition' });
  });

  it('tells an empty range from one it knows nothing of', async () => {
    const { provider } = await start();
    const before = await provider.fetch(
      { symbol: 'AAPL', timeframe: '1d', range: dates('1990-01-01', '1991-01-01') },
      context(),
    );
    expect(before).toEqual({ kind: 'empty' });
    const weekend = await provider.fetch(
      { symbol: 'AAPL', timeframe: '1h', range: dates('2025-06-07', '2025-06-08') },
      context(),
    );
    expect(weekend).toEqual({ kind: 'empty' });
  });

  it('asks again for the old end of an answer that does not reach it', async () => {
    const { simulator, provider } = await start();
    const range = dates('1997-12-01', '1998-02-01');
    const bars = await fetchBars(provider, { symbol: 'AAPL', timeframe: '1d', range });
    expect(bars.time[0]).toBe(Date.parse('1998-01-02'));
    const [first, second, ...more] = historyRequests(simulator);
    expect([first?.[0], second?.[0]]).toEqual(['19980201-00:00:00', '19980102-00:00:00']);
    expect(more).toEqual([]);
  });

  it('asks for whole dates, also when a range of dates ends inside one', async () => {
    const { provider } = await start();
    const request = { symbol: 'AAPL', timeframe: '1d', range: dates('2025-06-02', '2025-06-06') } as const;
    const whole = await fetchBars(provider, request);
    expect(await fetchBars(provider, { ...request, range: dates('2025-06-02', '2025-06-05T10:00Z') })).toEqual(whole);
  });

  it('does not keep an answer that it had to refuse', async () => {
    const { provider, simulator } = await start({ faults: [{ kind: 'unordered_bars' }] });
    const request = { symbol: 'AAPL', timeframe: '1h', range: dates('2025-06-09', '2025-06-12') } as const;
    await expect(provider.fetch(request, context())).rejects.toMatchObject({
      code: 'data_corrupt',
      message: expect.stringMatching(/times must be strictly rising .* Load again; if that continues, restart/),
    });
    using source = new CancellationSource();
    const updates: ProgressUpdate<FetchBarsContext>[] = [];
    const again = provider
      .fetch(request, { ...context(updates), token: source.token })
      .catch((error: unknown) => error);
    await vi.waitFor(() => expect(updates.at(-1)?.phase).toMatch(/^waiting for IB: the same was just asked/));
    expect(simulator.counters.historyRequests).toBe(1);
    source.cancel();
    await again;
  });

  it('does not take an answer from another time for a word about the one that was asked for', async () => {
    const bars = allocateIbBars(1);
    bars.time[0] = Date.parse('2025-06-12T14:00Z') / 1_000;
    for (const column of [bars.open, bars.high, bars.low, bars.close]) column[0] = 1;
    class GatewayOfOtherTimes extends IbGateway {
      override history = () => Promise.resolve(bars);
    }
    const gateway = new GatewayOfOtherTimes({ host: '127.0.0.1', port: 1, clock, log: silentLogger });
    const request = { symbol: 'AAPL', timeframe: '1h', range: dates('2025-06-02', '2025-06-12T12:00Z') } as const;
    await expect(new IbBarProvider(gateway, clock).fetch(request, context())).rejects.toMatchObject({
      code: 'data_corrupt',
      message: expect.stringContaining('sent only later ones'),
    });
  });

  it('reports what it is waiting for', async () => {
    const { provider } = await start();
    const updates: ProgressUpdate<FetchBarsContext>[] = [];
    await provider.fetch(
      { symbol: 'AAPL', timeframe: '1d', range: dates('2025-06-02', '2025-06-03') },
      context(updates),
    );
    expect(updates).toEqual([
      { phase: 'connecting to the gateway', context: { requestsLeft: 6 } },
      { phase: 'fetching', context: { requestsLeft: 5 } },
      { phase: 'fetching', done: 1, total: 1 },
    ]);
  });

  it.skipIf(!existsSync(replay))('loads recorded bars unchanged (skipped without the recorded data)', async () => {
    const { provider } = await start({ replay });
    const range = dates('2020-03-02', '2020-08-01');
    const bars = await fetchBars(provider, { symbol: 'SPY', timeframe: '1h', range });
    const cells = expectedBars(calendarOf('us_equities'), '1h', range);
    expect(barCount(bars)).toBe(cells.start.length);
    expect(bars.time).toEqual(cells.cellStart);
  });
});
