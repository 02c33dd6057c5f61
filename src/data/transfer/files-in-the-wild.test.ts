import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CancellationToken } from '../../async/index.ts';
import { barsFromRows, type Bars } from '../../market/index.ts';
import { readBarsFile, type ReadOptions } from './read-bars-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ktrdr-wild-'));
});
afterAll(() => rm(folder, { recursive: true }));

const days = { timeframe: '1d' } as const;
const minutes = { timeframe: '1m' } as const;
const newYork = { ...minutes, zone: 'America/New_York' } as const;

async function read(content: string | Uint8Array, options: Pick<ReadOptions, 'timeframe'> & Partial<ReadOptions>) {
  const path = join(folder, 'file');
  await writeFile(path, content);
  return readBarsFile(path, { token: CancellationToken.none, onProgress: () => {}, ...options });
}

function barsAt(stamps: readonly string[], volumes: readonly number[] = [1_200, 76_267_041]): Bars {
  return barsFromRows(
    stamps.map((stamp, index) => ({
      time: Date.parse(stamp),
      open: 1_170.5,
      high: 1_172.25,
      low: 1_169,
      close: 1_171 + index,
      volume: volumes[index] ?? Number.NaN,
    })),
  );
}

const dates = barsAt(['2024-03-07', '2024-03-08']);
const times = barsAt(['2024-03-08T14:30Z', '2024-03-08T14:31Z']);
const noVolume = [Number.NaN, Number.NaN];

describe('files in the wild', () => {
  it.each<[string, string | Uint8Array, Pick<ReadOptions, 'timeframe'> & Partial<ReadOptions>, Bars, string[]]>([
    [
      'Yahoo',
      `Date,Open,High,Low,Close,Adj Close,Volume
2024-03-07,1170.500000,1172.250000,1169.000000,1171.000000,1160.1,1200
2024-03-08,1170.500000,1172.250000,1169.000000,1172.000000,1161.2,76267041
`,
      days,
      dates,
      ['Adj Close'],
    ],
    [
      'yfinance',
      `Date,Open,High,Low,Close,Volume,Dividends,Stock Splits
2024-03-07 00:00:00-05:00,1170.5,1172.25,1169.0,1171.0,1200,0.0,0.0
2024-03-08 00:00:00-05:00,1170.5,1172.25,1169.0,1172.0,76267041,0.0,0.0
`,
      days,
      dates,
      ['Dividends', 'Stock Splits'],
    ],
    [
      'TradingView with seconds',
      `time,open,high,low,close,Volume,Volume MA
1709908200,1170.5,1172.25,1169,1171,1200,NaN
1709908260,1170.5,1172.25,1169,1172,76267041,38000
`,
      minutes,
      times,
      ['Volume MA'],
    ],
    [
      'TradingView with ISO times',
      `time,open,high,low,close,Volume
2024-03-08T09:30:00-05:00,1170.5,1172.25,1169,1171,1200
2024-03-08T09:31:00-05:00,1170.5,1172.25,1169,1172,76267041
`,
      minutes,
      times,
      [],
    ],
    [
      'Stooq, one instrument',
      `Date,Open,High,Low,Close,Volume\r\n2024-03-07,1170.5,1172.25,1169,1171,1200\r\n2024-03-08,1170.5,1172.25,1169,1172,76267041\r\n`,
      days,
      dates,
      [],
    ],
    [
      'Stooq, in bulk',
      `<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>
AAPL.US,D,20240307,000000,1170.5,1172.25,1169,1171,1200,0
AAPL.US,D,20240308,000000,1170.5,1172.25,1169,1172,76267041,0
`,
      days,
      dates,
      ['<TICKER>', '<PER>', '<OPENINT>'],
    ],
    [
      'Interactive Brokers, as its interface answers',
      `date,open,high,low,close,volume,average,barCount
20240308 09:30:00 US/Eastern,1170.5,1172.25,1169,1171,1200,1170.9,12
20240308 09:31:00 US/Eastern,1170.5,1172.25,1169,1172,76267041,1171.1,99
`,
      minutes,
      times,
      ['average', 'barCount'],
    ],
    [
      'Trader Workstation, date and time apart',
      `"Date","Time","Open","High","Low","Close","Volume"
"20240308","09:30:00","1,170.50","1,172.25","1,169.00","1,171.00","1,200"
"20240308","09:31:00","1,170.50","1,172.25","1,169.00","1,172.00","76,267,041"
`,
      newYork,
      times,
      [],
    ],
    [
      'MetaTrader',
      `<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>
2024.03.08\t16:30:00\t1170.50\t1172.25\t1169.00\t1171.00\t5\t1200\t1
2024.03.08\t16:31:00\t1170.50\t1172.25\t1169.00\t1172.00\t7\t76267041\t1
`,
      { ...minutes, zone: 'Europe/Helsinki' },
      times,
      ['<TICKVOL>', '<SPREAD>'],
    ],
    [
      'Binance with milliseconds',
      `Open time,Open,High,Low,Close,Volume,Close time,Quote asset volume,Number of trades
1709908200000,1170.50000000,1172.25000000,1169.00000000,1171.00000000,1200.0,1709908259999,1.0,5
1709908260000,1170.50000000,1172.25000000,1169.00000000,1172.00000000,76267041.0,1709908319999,1.0,7
`,
      minutes,
      times,
      ['Close time', 'Quote asset volume', 'Number of trades'],
    ],
    [
      'Binance with microseconds, packed',
      gzipSync(`open_time,open,high,low,close,volume,close_time
1709908200000000,1170.5,1172.25,1169,1171,1200,1
1709908260000000,1170.5,1172.25,1169,1172,76267041,1
`),
      minutes,
      times,
      ['close_time'],
    ],
    [
      'Kaggle with seconds as fractions and no volume of a known name',
      `Timestamp,Open,High,Low,Close,Volume_(BTC),Volume_(Currency)
1709908200.0,1170.5,1172.25,1169.0,1171.0,1.0,2.0
1709908260.0,1170.5,1172.25,1169.0,1172.0,1.0,2.0
`,
      minutes,
      { ...times, volume: Float64Array.from(noVolume) },
      ['Volume_(BTC)', 'Volume_(Currency)'],
    ],
    [
      'Kaggle with a column for the instrument',
      `date,open,high,low,close,volume,Name
2024-03-07,1170.5,1172.25,1169,1171,1200,AAL
2024-03-08,1170.5,1172.25,1169,1172,76267041,AAL
`,
      days,
      dates,
      ['Name'],
    ],
    [
      'Polygon with nanoseconds',
      `ticker,volume,open,close,high,low,window_start,transactions
AAPL,1200,1170.5,1171,1172.25,1169,1709908200000000000,1
AAPL,76267041,1170.5,1172,1172.25,1169,1709908260000000000,1
`,
      minutes,
      times,
      ['ticker', 'transactions'],
    ],
    [
      'Nasdaq, the month first',
      `Date,Close/Last,Volume,Open,High,Low
03/07/2024,$1171.00,1200,$1170.50,$1172.25,$1169.00
03/08/2024,$1172.00,76267041,$1170.50,$1172.25,$1169.00
`,
      { ...days, dates: 'month-first' },
      dates,
      [],
    ],
    [
      'Investing.com',
      `\uFEFF"Date","Price","Open","High","Low","Vol.","Change %"
"Mar 07, 2024","1,171.00","1,170.50","1,172.25","1,169.00","1.2K","0.10%"
"Mar 08, 2024","1,172.00","1,170.50","1,172.25","1,169.00","76.27M","0.10%"
`,
      days,
      barsAt(['2024-03-07', '2024-03-08'], [1_200, 76_270_000]),
      ['Change %'],
    ],
    [
      'a European spreadsheet',
      `Date;Open;High;Low;Close;Volume\r\n07.03.2024;1.170,50;1.172,25;1169,00;1171;1.200\r\n08.03.2024;1.170,50;1.172,25;1169,00;1172;76.267.041\r\n`,
      { ...days, dates: 'day-first' },
      dates,
      [],
    ],
    [
      'Dukascopy',
      `Gmt time,Open,High,Low,Close,Volume
08.03.2024 14:30:00.000,1170.50,1172.25,1169.00,1171.00,1200
08.03.2024 14:31:00.000,1170.50,1172.25,1169.00,1172.00,76267041
`,
      { ...minutes, zone: 'UTC', dates: 'day-first' },
      times,
      [],
    ],
  ])('are read: %s', async (_, content, options, bars, ignored) => {
    const file = await read(content, options);
    expect(file.bars).toEqual(bars);
    expect(file.ignored).toEqual(ignored);
  });

  const head = 'Date;Open;High;Low;Close;Volume';
  it.each([
    ['no row of names', '2024.03.08,09:30,1,3,0.5,2,10\n', /row 1: it names no columns; put a row such as "date,open/],
    [
      'an advertisement above the names',
      'https://www.example.com\nUnix,Date,Symbol,Open,High,Low,Close\n',
      /row 2: it has 7 cells where the first row, which names them, has 1/,
    ],
    [
      'several rows of names',
      'Price,Close,High,Low,Open,Volume\nTicker,AAPL,AAPL,AAPL,AAPL,AAPL\nDate,,,,,\n',
      /no column "time".*Let the file begin with one row of names/,
    ],
    [
      'day and month in an order that nothing tells',
      'Date,Open,High,Low,Close\n03/08/2024,1,3,0.5,2\n',
      /row 2, column "Date": "03\/08\/2024" does not tell day from month; say which comes first with "--dates/,
    ],
    [
      'times without a zone',
      '<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\n2024.03.08\t09:30:00\t1\t3\t0.5\t2\n',
      /row 2, column "<DATE> and <TIME>": "2024.03.08 09:30:00" names no time zone; say which it is with --zone/,
      minutes,
    ],
    [
      'two instruments',
      'date,open,high,low,close,Name\n2024-03-07,1,3,0.5,2,AAL\n2024-03-08,1,3,0.5,2,AAPL\n',
      /row 3, column "Name": it is of "AAPL" where the rows before are of "AAL"; give each instrument a file of its own/,
    ],
    [
      'days without prices',
      'Date,Open,High,Low,Close\n2024-03-07,null,null,null,null\n',
      /row 2, column "Open": there is no price \("--repair drop-broken" leaves such rows out\)/,
    ],
    [
      'a sign that may stand between thousands or before decimals',
      `${head}\n2024-03-07;1,170;1,172;1,169;1,171;5\n`,
      /row 2, column "Open": "1,170" can be read in two ways, with a thousand or with decimals; write numbers as 1234.5/,
    ],
    [
      'decimals behind a comma, and numbers before them that were taken otherwise',
      `${head}\n2024-03-07;1.170;1.172;1.169;1.171;5\n2024-03-08;1.170,5;1.172,5;1.169;1.171;5\n`,
      /row 3, column "Open": "1.170,5" writes decimals differently from "1.170" in row 2/,
    ],
    [
      'decimals in two ways',
      `${head}\n2024-03-07;1.5;3.25;0,5;2;5\n`,
      /row 2, column "Low": "0,5" writes decimals differently from the numbers before it/,
    ],
    [
      'prices in words',
      `${head}\n2024-03-07;1;3;0.5;1.2K;5\n`,
      /row 2, column "Close": "1.2K" is not a number such as/,
    ],
  ] as const)('are refused with what to do: %s', async (...[, content, message, options = days]) => {
    await expect(read(content, options)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(message) as string,
    });
  });

  it('keep rows without prices for whoever drops them', async () => {
    const rows = 'Date,Open,High,Low,Close\n2024-03-07,null,null,null,null\n2024-03-08,1,3,0.5,2\n';
    const { bars } = await read(rows, { ...days, mayLackPrices: true });
    expect([...bars.close]).toEqual([Number.NaN, 2]);
  });
});
