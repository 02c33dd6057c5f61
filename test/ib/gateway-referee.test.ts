import { SecType } from '@stoqey/ib';
import { describe, expect, it } from 'vitest';
import { apple, connect, euro, now, start, type HistoryOptions } from './stoqey-client.ts';

describe.each([157, 163, 164, 176, 178, 193])('an unmodified client at version %i', (serverVersion) => {
  it('is told accounts, the next id and the state of the farms', async () => {
    const client = await connect(await start({ serverVersion }));
    expect(client.api.serverVersion).toBe(serverVersion);
    expect(client.accounts).toBe('DU1234567,');
    await client.until(() => client.notices.length >= 3);
    expect(client.notices.map(({ code }) => code)).toEqual([2104, 2106, 2158]);
    expect(await client.currentTime()).toBe(Math.floor(now / 1000));
  });

  it('reads contract details to the last field', async () => {
    const client = await connect(await start({ serverVersion }));
    const [details, ...others] = await client.details(apple);
    expect(others).toEqual([]);
    expect(details).toMatchObject({
      contract: {
        conId: 265598,
        symbol: 'AAPL',
        secType: 'STK',
        exchange: 'SMART',
        primaryExch: 'NASDAQ',
        currency: 'USD',
      },
      longName: 'APPLE INC',
      minTick: 0.01,
      timeZoneId: 'US/Eastern',
      stockType: 'COMMON',
    });
    expect(details?.liquidHours).toMatch(/^20250613:0930-20250613:1600;20250614:CLOSED;20250615:CLOSED;20250616:0930-/);
    expect(details?.liquidHours).toContain('20250619:CLOSED');
    expect(details?.tradingHours).toMatch(/^20250613:0400-20250613:2000;20250614:CLOSED;/);
    const [pair] = await client.details(euro);
    expect(pair).toMatchObject({ contract: { conId: 12087792, localSymbol: 'EUR.USD' }, minTick: 0.00005 });
    expect(pair?.liquidHours).toMatch(
      /^20250612:1715-20250613:1700;20250614:CLOSED;20250615:CLOSED;20250615:1715-20250616:1700/,
    );
    expect(client.errors, 'a field too many or too few is an error of the decoder').toEqual([]);
  });

  it('gets the head timestamp in both formats', async () => {
    const client = await connect(await start({ serverVersion }));
    expect(await client.head(apple, 1)).toBe('19980102-14:30:00');
    expect(await client.head(apple, 2)).toBe(String(Date.parse('1998-01-02T14:30:00Z') / 1000));
  });

  it('gets daily bars of the last sessions and the span in calendar days', async () => {
    const client = await connect(await start({ serverVersion }));
    const { bars, end } = await client.history({
      contract: apple,
      duration: '8 D',
      barSize: '1 day',
      end: '20250413 17:56:00 US/Eastern',
    });
    expect(bars.map(({ date }) => date)).toEqual([
      '20250402',
      '20250403',
      '20250404',
      '20250407',
      '20250408',
      '20250409',
      '20250410',
      '20250411',
    ]);
    expect(end).toBe('finished-20250405 17:56:00 US/Eastern-20250413 17:56:00 US/Eastern');
    for (const { open, high, low, close, volume } of bars) {
      expect(high).toBeGreaterThanOrEqual(Math.max(open, close));
      expect(low).toBeLessThanOrEqual(Math.min(open, close));
      expect(volume).toBeGreaterThan(0);
    }
  });

  it('gets hour bars of a pair without volume, stamped in the format asked for', async () => {
    const client = await connect(await start({ serverVersion }));
    const request = {
      contract: euro,
      duration: '1 D',
      barSize: '1 hour',
      end: '20250612-21:00:00',
      what: 'MIDPOINT',
      rth: 0,
    };
    const { bars } = await client.history(request);
    expect(bars).toHaveLength(24);
    expect(bars[0]).toMatchObject({ date: String(Date.parse('2025-06-11T21:15:00Z') / 1000), volume: -1 });
    expect(bars[1]?.date).toBe(String(Date.parse('2025-06-11T22:00:00Z') / 1000));
    const zoned = await client.history({ ...request, formatDate: 1 });
    expect(zoned.bars[1]?.date).toBe('20250611 18:00:00 US/Eastern');
  });

  it('is refused with the code and the id of the request', async () => {
    const client = await connect(await start({ serverVersion }));
    const code = async (request: Partial<HistoryOptions>) => {
      const { error } = await client.history({
        contract: apple,
        duration: '1 D',
        barSize: '1 day',
        end: '',
        ...request,
      });
      return error?.code;
    };
    expect(await client.details({ ...apple, symbol: 'NOPE' }).catch((error: { code: number }) => error.code)).toBe(200);
    expect(await code({ contract: { ...apple, symbol: 'NOPE' } })).toBe(200);
    expect(await code({ contract: { symbol: 'EUR', secType: SecType.CASH, exchange: 'IDEALPRO' } })).toBe(200);
    expect(await code({ end: '19970102-21:00:00' })).toBe(162);
    expect(await code({ contract: euro, what: 'TRADES' })).toBe(162);
    for (const end of ['yesterday', '20250231-10:00:00', '20250613 10:00:00 Mars/Phobos'])
      expect(await code({ end })).toBe(10314);
    for (const duration of ['6 H', '366 D', '0 D', '1D']) expect(await code({ duration })).toBe(321);
    expect(await code({ barSize: '7 mins' })).toBe(321);
    expect(await code({ barSize: '1 secs', duration: '1 D' })).toBe(162);
    expect(await code({ what: 'GOSSIP' })).toBe(321);
    expect(await code({ contract: { ...apple, exchange: '' } })).toBe(321);
  });

  it('cancels a query that is under way, and is told of one that is not', async () => {
    const client = await connect(await start({ serverVersion, latencyMs: 60_000 }));
    const answer = client.history({ id: 28, contract: apple, duration: '1 D', barSize: '1 day', end: '' });
    client.api.cancelHistoricalData(28);
    expect((await answer).error).toEqual({ code: 162, message: expect.stringContaining('query cancelled: 28') });
    client.api.cancelHistoricalData(29);
    await client.until(() => client.errors.length === 2);
    expect(client.errors[1]).toMatchObject({ code: 366, reqId: 29 });
  });

  it('gets the schedule of sessions and the samples of a search', async () => {
    const client = await connect(await start({ serverVersion }));
    const samples = await client.search('EUR');
    expect(samples).toEqual(['EUR.USD', 'EUR.GBP']);
    if (serverVersion < 165) return;
    const sessions = await client.schedule(apple, '3 D');
    expect(sessions).toEqual([
      { startDateTime: '20250611-09:30:00', endDateTime: '20250611-16:00:00', refDate: '20250611' },
      { startDateTime: '20250612-09:30:00', endDateTime: '20250612-16:00:00', refDate: '20250612' },
      { startDateTime: '20250613-09:30:00', endDateTime: '20250613-16:00:00', refDate: '20250613' },
    ]);
  });
});
