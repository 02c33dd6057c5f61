import { SecType, type Contract } from '@stoqey/ib';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/async/index.ts';
import { contractFields, RawClient } from './raw-client.ts';
import { apple, connect, euro, now, start } from './stoqey-client.ts';

const index: Contract = { symbol: 'SPX', secType: SecType.IND, exchange: 'CBOE', currency: 'USD' };
const future: Contract = { symbol: 'ES', secType: SecType.FUT, exchange: 'CME', currency: 'USD' };
const september: Contract = { ...future, lastTradeDateOrContractMonth: '202509' };
const continuous: Contract = { ...future, secType: SecType.CONTFUT };
const days = { duration: '5 D', barSize: '1 day', end: '' };

describe.each([157, 163, 164, 176, 178, 193])('at version %i an unmodified client', (serverVersion) => {
  it('reads the details of an index, of a future and of its continuous contract', async () => {
    const client = await connect(await start({ serverVersion }));
    expect(await client.details(index)).toMatchObject([{ contract: { conId: 416904, secType: 'IND' }, minTick: 0.01 }]);
    const [details, ...others] = await client.details(september);
    expect(others).toEqual([]);
    expect(details).toMatchObject({
      contract: { localSymbol: 'ESU5', multiplier: 50, lastTradeDateOrContractMonth: '20250919' },
      contractMonth: '202509',
      underSymbol: 'ES',
      minTick: 0.25,
    });
    expect(await client.details(continuous)).toMatchObject([{ contract: { secType: 'CONTFUT' } }]);
    expect(client.errors).toEqual([]);
  });
});

describe('instruments', () => {
  it('are found by their id alone', async () => {
    const client = await connect(await start());
    expect(await client.details({ conId: 12087792 })).toMatchObject([{ contract: { localSymbol: 'EUR.USD' } }]);
    expect(await client.details({ conId: 1 }).catch((error: { code: number }) => error.code)).toBe(200);
  });

  it('of one name in two countries are ambiguous until the currency is told', async () => {
    const client = await connect(await start());
    const bank: Contract = { symbol: 'RY', secType: SecType.STK, exchange: 'SMART' };
    expect(await client.details(bank)).toHaveLength(2);
    expect((await client.history({ contract: bank, ...days })).error).toMatchObject({
      code: 200,
      message: expect.stringContaining('ambiguous'),
    });
    expect((await client.history({ contract: { ...bank, currency: 'CAD' }, ...days })).bars).toHaveLength(5);
  });

  it('without permission are refused: 162 for history, 354 for live bars', async () => {
    const client = await connect(await start({ withoutPermission: ['AAPL'] }));
    expect((await client.history({ contract: apple, ...days })).error).toMatchObject({
      code: 162,
      message: expect.stringContaining('No market data permissions for ISLAND STK'),
    });
    await expect(client.head(apple, 2)).rejects.toThrow('No market data permissions');
    const raw = await RawClient.started(await start({ withoutPermission: ['AAPL'] }));
    raw.send(20, 1, ...contractFields('AAPL'), '', '1 min', '60 S', 1, 'TRADES', 2, 1, '');
    expect((await raw.next()).slice(2, 4)).toEqual(['1', '354']);
  });

  it('that are indices have trades without volume and no quotes', async () => {
    const client = await connect(await start());
    const { bars } = await client.history({ contract: index, ...days });
    expect(bars.map(({ volume }) => volume)).toEqual([-1, -1, -1, -1, -1]);
    expect((await client.history({ contract: index, ...days, what: 'MIDPOINT' })).error?.code).toBe(162);
    expect((await client.history({ contract: apple, ...days, what: 'HISTORICAL_VOLATILITY' })).error?.code).toBe(162);
  });

  it('that are futures are ambiguous without a month and begin when they are listed', async () => {
    const client = await connect(await start());
    expect((await client.details(future)).length).toBeGreaterThan(4);
    expect((await client.history({ contract: future, ...days })).error?.code).toBe(200);
    expect((await client.history({ contract: september, ...days })).bars).toHaveLength(5);
    const expired = { ...future, lastTradeDateOrContractMonth: '20250321' };
    expect(await client.details(expired).catch((error: { code: number }) => error.code)).toBe(200);
    expect(await client.details({ ...expired, includeExpired: true })).toHaveLength(1);
    expect((await client.history({ contract: { ...expired, includeExpired: true }, ...days })).error?.code).toBe(162);
    const last = await client.history({
      contract: { ...expired, includeExpired: true },
      ...days,
      end: '20250325-00:00:00',
    });
    expect(last.bars.at(-1)?.date).toBe('20250321');
  });

  it('that never end take no end: 10339', async () => {
    const client = await connect(await start());
    const request = { contract: continuous, ...days };
    expect((await client.history({ ...request, end: '20250612-21:00:00' })).error?.code).toBe(10339);
    expect((await client.history(request)).bars).toHaveLength(5);
  });

  it('come from the caller as well', async () => {
    const { catalogue } = await import('../../src/ib/simulator/instruments/catalogue.ts');
    const [known] = catalogue;
    if (known === undefined) throw new Error('the catalogue is empty');
    const client = await connect(
      await start({ instruments: [{ ...known, conId: 7, symbol: 'ACME', localSymbol: 'ACME' }] }),
    );
    expect(await client.details({ ...apple, symbol: 'ACME' })).toMatchObject([{ contract: { conId: 7 } }]);
  });
});

describe('bars', () => {
  it('of every legal size are served; those of a week and a month bear the date of their first session', async () => {
    const client = await connect(await start({ enforcePacing: false }));
    const sizes = [
      '1 secs',
      '5 secs',
      '10 secs',
      '15 secs',
      '30 secs',
      '1 min',
      '2 mins',
      '3 mins',
      '5 mins',
      '10 mins',
    ];
    sizes.push('15 mins', '20 mins', '30 mins', '1 hour', '2 hours', '3 hours', '4 hours', '8 hours', '1 day');
    for (const barSize of sizes) {
      const small = barSize.endsWith('secs');
      const answer = await client.history({
        contract: euro,
        duration: small ? '1800 S' : '2 D',
        barSize,
        end: '',
        what: 'BID',
      });
      expect(answer.error, barSize).toBeUndefined();
      expect(answer.bars.length, barSize).toBeGreaterThan(1);
    }
    const weeks = await client.history({ contract: apple, duration: '1 M', barSize: '1W', end: '' });
    expect(weeks.bars.map(({ date }) => date)).toEqual(['20250512', '20250519', '20250527', '20250602', '20250609']);
    const months = await client.history({ contract: apple, duration: '3 M', barSize: '1 month', end: '' });
    expect(months.bars.map(({ date }) => date)).toEqual(['20250303', '20250401', '20250501', '20250602']);
  });

  it('of both sides of the quote hold the highest ask and the lowest bid', async () => {
    const client = await connect(await start());
    const request = { contract: euro, duration: '1 D', barSize: '1 hour', end: '20250612-21:00:00' };
    const [both, bid, ask] = [
      await client.history({ ...request, what: 'BID_ASK' }),
      await client.history({ ...request, what: 'BID' }),
      await client.history({ ...request, what: 'ASK' }),
    ];
    expect(both.bars.map(({ high }) => high)).toEqual(ask.bars.map(({ high }) => high));
    expect(both.bars.map(({ low }) => low)).toEqual(bid.bars.map(({ low }) => low));
  });

  it('of thirty seconds or less are kept for six months', async () => {
    const client = await connect(await start());
    const seconds = { contract: apple, duration: '1800 S', barSize: '30 secs' };
    expect((await client.history({ ...seconds, end: '20241212-19:00:00' })).error).toMatchObject({
      code: 162,
      message: expect.stringContaining('no data'),
    });
    expect((await client.history({ ...seconds, end: '20241216-19:00:00' })).bars).toHaveLength(60);
    expect((await client.history({ ...seconds, barSize: '1 min', end: '20241212-19:00:00' })).bars).toHaveLength(30);
  });

  it('are missing on purpose, always the same ones', async () => {
    const dates = async (holes: number, duration: string) => {
      const client = await connect(await start({ holes }));
      const answer = await client.history({ contract: apple, duration, barSize: '1 min', end: '20250612-20:00:00' });
      return answer.bars.map(({ date }) => date);
    };
    const [whole, some, more] = [await dates(0, '1 D'), await dates(0.2, '1 D'), await dates(0.2, '3 D')];
    expect(whole).toHaveLength(390);
    expect(some.length).toBeGreaterThan(270);
    expect(some.length).toBeLessThan(350);
    expect(more.slice(-some.length)).toEqual(some);
  });
});

describe('live bars', () => {
  it('of a kind or a size that is not live are refused, and so is an end', async () => {
    const client = await RawClient.started(await start());
    const live = [...contractFields('EUR', 'CASH')];
    const code = async (...fields: (string | number)[]) => {
      client.send(20, 1, ...live, ...fields, 2, 1, '');
      return (await client.next())[3];
    };
    expect(await code('', '1 min', '60 S', 0, 'BID_ASK')).toBe('321');
    expect(await code('', '1 secs', '60 S', 0, 'BID')).toBe('321');
    expect(await code('20250612-21:00:00', '1 min', '60 S', 0, 'BID')).toBe('321');
  });

  it('of small bars obey the pacing rules: 420', async () => {
    const clock = new ManualClock(now);
    const simulator = await start({ clock, timers: clock });
    const client = await RawClient.started(simulator);
    const live = [...contractFields('EUR', 'CASH'), '', '5 secs', '60 S', 0, 'BID', 2, 1, ''];
    client.send(20, 1, ...live);
    expect((await client.next())[0]).toBe('17');
    client.send(20, 2, ...live);
    expect((await client.next()).slice(2, 4)).toEqual(['2', '420']);
    expect(simulator.violations).toMatchObject([{ rule: 'live_pacing', connection: 1, request: 2, at: now }]);
  });
});

it('the time is told in milliseconds from version 197 on, beside the seconds', async () => {
  const client = await RawClient.started(await start({ serverVersion: 200 }), 'v100..200');
  client.send(49, 1);
  client.send(105);
  expect(await client.take(2)).toEqual([
    ['49', '1', String(Math.floor(now / 1000))],
    ['109', String(now)],
  ]);
});

it('a hundred thousand bars in one answer do not keep others waiting', { timeout: 30_000 }, async () => {
  const simulator = await start({ enforcePacing: false });
  const busy = await RawClient.started(simulator, 'v178', 1);
  const other = await RawClient.started(simulator, 'v178', 2);
  const minutes = [...contractFields('EUR', 'CASH'), '', '1 min', '72 D', 0, 'BID', 2, 0, ''];
  busy.send(20, 1, ...minutes);
  await expect.poll(() => simulator.openRequests.length).toBe(1);
  other.send(49, 1);
  expect((await other.next())[0]).toBe('49');
  expect(simulator.openRequests, 'the big answer is still being made').toHaveLength(1);
  const [answer] = await busy.take(1);
  expect(Number(answer?.[4])).toBeGreaterThan(100_000);
  expect(answer).toHaveLength(5 + 8 * Number(answer?.[4]));
});
