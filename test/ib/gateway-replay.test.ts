import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { SecType } from '@stoqey/ib';
import { describe, expect, it } from 'vitest';
import { connect, start } from './stoqey-client.ts';

const data = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

describe.skipIf(!existsSync(data))('a replay of recorded data (skipped where ../shared/data is absent)', () => {
  it('gives an unmodified client exactly the rows of the file', async () => {
    const client = await connect(await start({ replay: data, clock: { now: () => Date.parse('2026-01-01') } }));
    const lines = (await readFile(`${data}SPY_1h_raw.csv`, 'utf8')).trimEnd().split('\n').slice(1);
    const spy = { symbol: 'SPY', secType: SecType.STK, exchange: 'SMART', currency: 'USD' };
    const { bars } = await client.history({
      contract: spy,
      duration: '1 Y',
      barSize: '1 hour',
      end: '20210401-00:00:00',
    });
    const wanted = lines
      .filter((line) => line >= '2020-04-01' && line < '2021-04-01')
      .map((line) => {
        const [stamp = '', ...values] = line.split(',');
        const [open, high, low, close, volume] = values.map(Number);
        return { date: String(Date.parse(stamp) / 1000), open, high, low, close, volume };
      });
    expect(wanted.length).toBeGreaterThan(1700);
    expect(bars).toEqual(wanted);
    expect(await client.head(spy, 2)).toBe(String(Date.parse('1998-01-02T14:00:00Z') / 1000));
  });

  it('gives bid, ask and middle of a pair, and nothing that was not recorded', async () => {
    const client = await connect(await start({ replay: data, clock: { now: () => Date.parse('2026-01-01') } }));
    const euro = { symbol: 'EUR', secType: SecType.CASH, exchange: 'IDEALPRO', currency: 'USD' };
    const request = { contract: euro, duration: '1 D', barSize: '1 hour', end: '20181212-22:00:00', rth: 0 };
    const close = async (what: string) => (await client.history({ ...request, what })).bars.map((bar) => bar.close);
    const [bid, middle, ask] = [await close('BID'), await close('MIDPOINT'), await close('ASK')];
    expect(bid).toHaveLength(24);
    expect(middle).toEqual(bid.map((price, index) => Number(((price + (ask[index] ?? 0)) / 2).toFixed(8))));
    expect((await client.history({ ...request, barSize: '5 mins', what: 'BID' })).error?.code).toBe(162);
  });
});
