import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  KtrdrProcess,
  ktrdr,
  temporaryDirectory,
  type Finished,
  type TemporaryDirectory,
} from './support/ktrdr-process.ts';

const span = ['--start', '2023-01-01', '--end', '2023-07-01'];

let home: TemporaryDirectory;
let files: TemporaryDirectory;
let system: KtrdrProcess;
let api: Record<string, string>;

beforeAll(async () => {
  home = await temporaryDirectory();
  files = await temporaryDirectory();
  system = new KtrdrProcess(['up', '--simulate', '--port', '0', '--home', home.path], { KTRDR_LOG_LEVEL: 'silent' });
  const [, url = ''] = await system.until(/API on (\S+),/);
  api = { KTRDR_API_URL: url, KTRDR_HOME: home.path };
  await data(['load', 'AAPL', '-t', '1h', ...span]);
}, 30_000);

afterAll(async () => {
  await system[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
  await files[Symbol.asyncDispose]();
});

function data(args: string[]): Promise<Finished> {
  return ktrdr(['data', ...args], api);
}

async function json(args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await data([...args, '--json']);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

function fileAt(name: string): string {
  return join(files.path, name);
}

describe('looking at what is stored', () => {
  it('understands a symbol in any spelling', async () => {
    expect(await json(['range', 'aapl', '-t', '1h'])).toMatchObject({
      symbol: 'AAPL',
      calendar: 'us_equities',
      revision: 0,
    });
    expect((await data(['range', 'AAPL', '-t', '1h'])).stdout).toMatch(
      /^AAPL 1h: 2023-01-03 14:30 to 2023-06-30 19:00, [\d,]+ bars\n/,
    );
    expect((await data(['show', 'aapl', '-t', '1h', '-n', '1'])).code).toBe(0);
    expect(await data(['range', 'MSFT', '-t', '1h'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('ktrdr data load MSFT -t 1h') as string,
    });
  });

  it('names a series as it is stored, whatever the spelling that was asked for', { timeout: 60_000 }, async () => {
    const path = fileAt('named.csv');
    await writeFile(path, 'date,open,high,low,close\n2023-01-03,1,3,0.5,2\n');
    const told = async (command: readonly string[]): Promise<void> => {
      const { code, stdout, stderr } = await data([...command]);
      expect(code, stderr).toBe(0);
      expect(`${stdout}${stderr}`, command.join(' ')).not.toMatch(/aapl|eurusd|eur\/usd/);
      expect(`${stdout}${stderr}`, command.join(' ')).toMatch(/AAPL|EUR\.USD/);
    };
    const hour = ['-t', '1h'];
    const looking = [
      ['load', 'aapl', ...hour, '--mode', 'local', ...span],
      ['load', 'aapl', ...hour, '--mode', 'full', ...span, '--dry-run'],
      ['range', 'aapl', ...hour, '--json'],
      ...['show', 'coverage', 'gaps', 'quality'].flatMap((name) => [
        [name, 'aapl', ...hour],
        [name, 'aapl', ...hour, '--json'],
      ]),
      ['verify', 'aapl', ...hour],
      ['head', 'aapl', '-t', '1d'],
    ];
    for (const [index, command] of looking.entries()) {
      if (index % 2 === 0) await Promise.all([told(command), told(looking[index + 1] ?? command)]);
    }
    await told(['import', 'eurusd', path, '-t', '1d']);
    await told(['export', 'eur/usd', '-t', '1d', '-o', fileAt('named.arrow')]);
    await told(['delete', 'eurusd', '-t', '1d', '--yes']);
    expect((await data(['range', 'msft', ...hour])).stderr).toContain('There is no MSFT 1h data');
    const twice = await json(['load', 'aapl', 'AAPL', ...hour, '--mode', 'local', ...span]);
    expect(twice).toMatchObject({ series: [{ symbol: 'AAPL' }] });
  });

  it('lists the gap that was cut, exact to one bar, draws it, and fills it again', async () => {
    const cut = ['--start', '2023-03-10T15:00', '--end', '2023-03-13T15:00'];
    expect(await data(['delete', 'AAPL', '-t', '1h', ...cut])).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('--yes') as string,
    });
    expect((await data(['gaps', 'AAPL', '-t', '1h'])).stdout).toMatch(
      /AAPL 1h: no bar is missing \(2023-01-03 14:30 to 2023-06-30 19:00\)$/m,
    );
    expect(await json(['delete', 'AAPL', '-t', '1h', ...cut, '--yes'])).toEqual({
      schema: 'ktrdr.data.delete/1',
      symbol: 'AAPL',
      timeframe: '1h',
      removed: 8,
    });

    const { gaps, totals } = (await json(['gaps', 'AAPL', '-t', '1h'])) as { gaps: unknown[]; totals: unknown };
    const [start, end] = ['2023-03-10T15:00Z', '2023-03-13T15:00Z'].map((date) => Date.parse(date));
    expect(gaps).toEqual([{ kind: 'missing', start, end, bars: 8 }]);
    expect(totals).toEqual({ missing: { gaps: 1, bars: 8 } });
    const all = await data(['gaps', 'AAPL', '-t', '1h', '--all', '--start', '2023-03-10', '--end', '2023-03-14']);
    expect(
      all.stdout
        .split('\n')
        .filter((line) => /missing|weekend/.test(line))
        .map((line) => line.replaceAll(/ +/g, ' ')),
    ).toEqual([
      '2023-03-10 15:00 2023-03-10 21:00 6 missing',
      '2023-03-11 05:00 2023-03-13 04:00 - weekend',
      '2023-03-13 13:00 2023-03-13 15:00 2 missing',
      'AAPL 1h: 8 bars missing in 2 gaps (2023-03-10 00:00 to 2023-03-14 00:00)',
    ]);

    const picture = await data(['coverage', 'AAPL', '-t', '1h']);
    expect(picture.stdout).toMatch(/^2023-02 .*█ .* 100\.0 %$/m);
    expect(picture.stdout).toMatch(/^2023-03 .*░ +▒.* 95\.0 %  8 missing$/m);
    for (const line of picture.stdout.split('\n').slice(0, -2)) expect(line.length).toBeLessThanOrEqual(80);

    const wanted = ['load', 'aapl', '-t', '1h', '--mode', 'full', ...span];
    expect(await json([...wanted, '--dry-run'])).toMatchObject({
      plans: [{ symbol: 'AAPL', requests: 1, bars: 8, range: { start, end } }],
    });
    expect((await data([...wanted, '--dry-run'])).stdout).toMatch(
      /^1 request for 8 bars \(384 B in memory\), about .*; nothing was loaded$/m,
    );
    const local = await data(['load', 'AAPL', '-t', '1h', '--mode', 'local', ...span]);
    expect(local, 'the code of a load after which bars are missing').toMatchObject({ code: 12 });
    expect(await data(wanted)).toMatchObject({ code: 0 });
    expect(await json(['gaps', 'AAPL', '-t', '1h'])).toMatchObject({ gaps: [], totals: {} });
  });

  it('looks for bars that cannot be true, and verifies the files', async () => {
    expect(await json(['quality', 'AAPL', '-t', '1h'])).toMatchObject({ symbol: 'AAPL', totals: { error: 0 } });
    const verified = await data(['verify']);
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.stdout).toMatch(/^1 series, \d+ files, [\d,]+ bars: all intact$/m);
    expect(await data(['verify', 'AAPL'])).toMatchObject({ code: 2 });
  });

  it('asks the source', async () => {
    expect(await json(['contract', 'aapl'])).toMatchObject({ symbol: 'AAPL', assetType: 'stock' });
    expect((await data(['contract', 'EURUSD'])).stdout).toMatch(/^EUR\.USD: /);
    expect(await json(['search', 'appl'])).toMatchObject({
      instruments: expect.arrayContaining([expect.objectContaining({ symbol: 'AAPL', assetType: 'stock' })]) as unknown,
    });
    expect((await data(['search', 'zzzzzz'])).stdout).toContain('knows nothing that matches "zzzzzz"');
    expect((await data(['head', 'AAPL', '-t', '1d'])).stdout).toMatch(
      /^AAPL 1d: the source has bars since \d{4}-\d\d-\d\d$/m,
    );
  });
});

describe('files of bars', () => {
  it.each(['csv', 'parquet', 'arrow'])('goes out as %s and comes back the same', async (format) => {
    const path = fileAt(`aapl.${format}`);
    const out = await data(['export', 'AAPL', '-t', '1h', '-o', path]);
    expect(out).toMatchObject({ code: 0, stdout: '' });
    expect(await json(['import', 'AAPL', path, '-t', '1h', '--check'])).toMatchObject({
      check: true,
      stored: { added: 0, different: 0 },
    });
    const copy = `COPY ${format.toUpperCase()}`;
    expect(await json(['import', copy, path, '-t', '1h'])).toMatchObject({
      symbol: copy,
      check: false,
      stored: { same: 0, different: 0 },
    });
    const again = fileAt(`again.${format}`);
    await data(['export', copy, '-t', '1h', '-o', again]);
    expect((await readFile(again)).equals(await readFile(path))).toBe(true);
    expect(await data(['export', 'AAPL', '-t', '1h', '-o', path])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('--force') as string,
    });
  });

  it('writes CSV of a span to stdout', async () => {
    const day = ['export', 'AAPL', '-t', '1h', '--start', '2023-03-10', '--end', '2023-03-11'];
    const { stdout } = await data(day);
    expect((await data([...day, '-o', '-'])).stdout, 'as other commands have it').toBe(stdout);
    expect(stdout.split('\n')[0]).toBe('timestamp,open,high,low,close,volume');
    expect(stdout.match(/^2023-03-10T\d\d:\d\d:00Z,/gm)).toHaveLength(7);
  });

  it('imports nothing of a wrong file, and says where it is wrong', async () => {
    const path = fileAt('wrong.csv');
    const head = 'Date,Open,High,Low,Close\n2023-01-03,1,3,0.5,2\n';
    for (const [row, words] of [
      ['2023-01-04,1,3,0.5,x', 'row 3, column "Close": "x" is not a number'],
      ['2023-01-04,1,1.5,0.5,2', 'row 3: the high 1.5 lies below'],
      ['2023-01-02,1,3,0.5,2', 'row 3: 2023-01-02T00:00:00.000Z lies before the row before it ("--repair sort"'],
      ['2223-01-04,1,3,0.5,2', 'row 3: 2223-01-04T00:00:00.000Z lies in the future'],
    ] as const) {
      await writeFile(path, `${head}${row}\n`);
      const { code, stderr } = await data(['import', 'WRONG', path, '-t', '1d']);
      expect(code, words).toBe(2);
      expect(stderr).toContain(words);
    }
    expect(await data(['import', 'WRONG', fileAt('none.csv'), '-t', '1d'])).toMatchObject({ code: 3 });
    expect((await data(['range', 'WRONG', '-t', '1d'])).code).toBe(3);
  });

  it('asks before it takes other values than those that are stored', async () => {
    const path = fileAt('other.csv');
    const rows = ['Date,Open,High,Low,Close', '2023-01-03,1,3,0.5,2', '2023-01-04,1,3,0.5,2'];
    await writeFile(path, rows.join('\n'));
    const args = ['import', 'OTHER', path, '-t', '1d'];
    expect(await json(args)).toMatchObject({ stored: { added: 2, same: 0, different: 0 } });
    await writeFile(path, [...rows.slice(0, 2), '2023-01-04,1,3,0.5,2.5', '2023-01-05,1,3,0.5,2'].join('\n'));
    expect(await data(args)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('1 bars of the file differ') as string,
    });
    expect(await json([...args, '--conflicts', 'keep'])).toMatchObject({ stored: { added: 1, same: 1, different: 1 } });
    const closes = async (): Promise<string[]> =>
      [...(await data(['export', 'OTHER', '-t', '1d'])).stdout.matchAll(/,([\d.]+),$/gm)].map(
        ([, close = '']) => close,
      );
    expect(await closes()).toEqual(['2', '2', '2']);
    await json([...args, '--conflicts', 'replace']);
    expect(await closes()).toEqual(['2', '2.5', '2']);
  });

  it('repairs a copy when it is asked to', async () => {
    const path = fileAt('newest-first.csv');
    await writeFile(
      path,
      'Date;Open;High;Low;Close\n2023-01-04;50;60;40;55\n2023-01-03;100;110;95;101\n2023-01-03;100;110;95;100\n',
    );
    const imported = await data(['import', 'NEWEST', path, '-t', '1d', '--repair', 'sort,unique']);
    expect(imported.stdout).toMatch(
      /2 bars in the file[\s\S]*repaired \(sort\): 3 bars moved[\s\S]*repaired \(unique\): 1 bars removed/,
    );
    const adjusted = await data(['export', 'NEWEST', '-t', '1d', '--repair', 'adjust-splits']);
    expect(adjusted.stdout.split('\n')[1]).toBe('2023-01-03,50,55,47.5,50,');
    expect((await data(['export', 'NEWEST', '-t', '1d'])).stdout.split('\n')[1], 'the store is as it was').toBe(
      '2023-01-03,100,110,95,100,',
    );
  });

  it('leaves no half of an export behind', async () => {
    const path = fileAt('missing/aapl.csv');
    expect(await data(['export', 'AAPL', '-t', '1h', '-o', path])).toMatchObject({ code: 5 });
    expect(await data(['export', 'AAPL', '-t', '1h', '-o', fileAt('aapl.xls')])).toMatchObject({ code: 2 });
    await expect(stat(path)).rejects.toThrow('ENOENT');
  });
});
