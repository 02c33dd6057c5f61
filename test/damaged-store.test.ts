import { existsSync } from 'node:fs';
import { cp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BarStore } from '../src/data/index.ts';
import { barsInRange, concatBars, type Bars } from '../src/market/index.ts';
import {
  KtrdrProcess,
  ktrdr,
  temporaryDirectory,
  type Finished,
  type TemporaryDirectory,
} from './support/ktrdr-process.ts';

const span = ['--start', '2022-11-01', '--end', '2023-03-01'];
const loaded = { start: Date.UTC(2022, 10, 1), end: Date.UTC(2023, 2, 1) };
const revisedAt = Date.UTC(2022, 11, 1, 15);
const series = ['AAPL', '-t', '1h'];

let home: TemporaryDirectory;
let elsewhere: TemporaryDirectory;
let system: KtrdrProcess;
let api: Record<string, string>;
let folder: string;
let sound: Bars;

beforeAll(async () => {
  home = await temporaryDirectory();
  elsewhere = await temporaryDirectory();
  system = new KtrdrProcess(['up', '--simulate', '--port', '0', '--home', home.path], { KTRDR_LOG_LEVEL: 'silent' });
  const [, url = ''] = await system.until(/API on (\S+),/);
  api = { KTRDR_API_URL: url, KTRDR_HOME: home.path };
  const revised = join(elsewhere.path, 'revised.csv');
  await done(['load', ...series, '--start', '2022-11-01', '--end', '2023-02-01']);
  await writeFile(revised, 'time,open,high,low,close,volume\n2022-12-01T15:00:00Z,1,3,0.5,2,7\n');
  await done(['import', 'AAPL', revised, '-t', '1h', '--conflicts', 'replace']);
  // Newer than all others, so they go to the log.
  await done(['load', ...series, '--mode', 'full', ...span]);
  folder = dirname((await fileOf('series.json')) ?? '');
  const names = (await readdir(folder)).map((name) => name.replace(/\.\d+\./, '.'));
  expect(names).toEqual([
    '2022.parquet',
    '2023.parquet',
    'ledger.json.gz',
    'newest.log',
    'revisions.log',
    'series.json',
  ]);
  await cp(folder, join(elsewhere.path, 'sound'), { recursive: true });
  sound = await barsOf();
}, 60_000);

afterAll(async () => {
  await system[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
  await elsewhere[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await rm(dirname(folder), { recursive: true, force: true });
  await cp(join(elsewhere.path, 'sound'), folder, { recursive: true });
});

function data(args: readonly string[]): Promise<Finished> {
  return ktrdr(['data', ...args], api);
}

async function done(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await data(args);
  expect(code, stderr).toBe(0);
  return stdout;
}

/** The path of the store's first file whose name begins so. */
async function fileOf(beginning: string): Promise<string | undefined> {
  const bars = join(home.path, 'bars');
  const names = await readdir(bars, { recursive: true });
  const found = names.find((name) => name.split('/').at(-1)?.startsWith(beginning));
  return found === undefined ? undefined : join(bars, found);
}

/** What a reader finds: a sound store, and all bars but the one that was revised by hand, which the source has otherwise. */
async function barsOf(): Promise<Bars> {
  await using store = await BarStore.open(join(home.path, 'bars'), { access: 'read' });
  expect((await store.verify()).issues.filter(({ severity }) => severity === 'damage')).toEqual([]);
  const bars = await store.read({ symbol: 'AAPL', timeframe: '1h' });
  return concatBars([
    barsInRange(bars, { start: 0, end: revisedAt }),
    barsInRange(bars, { start: revisedAt + 1, end: Infinity }),
  ]);
}

type Damage = (path: string) => Promise<void>;

const missing: Damage = (path) => rm(path);
const truncated: Damage = async (path) => truncate(path, Math.floor((await readFile(path)).length / 2));
const flippedAt =
  (place: (length: number) => number): Damage =>
  async (path) => {
    const bytes = await readFile(path);
    const at = place(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ 4;
    await writeFile(path, bytes);
  };
const flipped = flippedAt((length) => Math.floor(length / 2));

interface Issue {
  readonly severity: string;
  readonly path: string;
  readonly problem: string;
  readonly remedy: string;
}

/** Does what a remedy says, and nothing else: moves files out of the store, and runs its commands. */
async function follow({ path, remedy }: Issue): Promise<void> {
  const file = join(home.path, 'bars', path);
  const away = (name: string): Promise<void> => rename(name, join(elsewhere.path, `moved-${Math.random()}`));
  if (/move (it|what there is of it)( |,|:)/i.test(remedy) && existsSync(file)) await away(file);
  if (/series\.json beside it,? away/.test(remedy)) await away(join(dirname(file), 'series.json'));
  if (/Move its folder to \S+, or away/.test(remedy)) await away(dirname(file));
  for (const [, command = ''] of remedy.matchAll(/"ktrdr data ([^"]+)"/g)) await done(command.split(' '));
}

describe('ktrdr data verify', () => {
  it.each<[string, string, Damage]>([
    ['a bar file that is missing', '2022.', missing],
    ['a bar file that was cut short', '2022.', truncated],
    ['a bar file of which a bit was flipped', '2022.', flipped],
    ['a bar file of which the seal was flipped', '2023.', flippedAt((length) => length - 200)],
    ['a manifest that is no JSON', 'series.json', (path) => writeFile(path, '{')],
    ['a manifest of which a bit was flipped', 'series.json', flipped],
    ['a log that is missing', 'newest.', missing],
    ['a log that was cut short', 'newest.', truncated],
    ['a log of which a bit was flipped', 'newest.', flipped],
    ['a log that does not begin as one', 'newest.', flippedAt(() => 3)],
    ['a ledger that is missing', 'ledger.', missing],
    ['a ledger of which a bit was flipped', 'ledger.', flipped],
    ['revisions that are missing', 'revisions.', missing],
    ['revisions that were cut short', 'revisions.', truncated],
    ['revisions of which a bit was flipped', 'revisions.', flipped],
    [
      'a series in the place of another',
      'series.json',
      (path) => cp(dirname(path), `${dirname(dirname(path))}-b/1h`, { recursive: true }),
    ],
  ])(
    'says what to do about %s, and it helps',
    async (_, name, damage) => {
      await damage((await fileOf(name)) ?? '');
      const { code, stdout } = await data(['verify', '--json']);
      expect(code).toBe(9);
      const { issues } = JSON.parse(stdout) as { issues: Issue[] };
      const [issue, ...others] = issues.filter(({ severity }) => severity === 'damage');
      expect(others).toEqual([]);
      if (issue !== undefined) await follow(issue);
      await barsOf();
      await done(['load', ...series, '--mode', 'full', ...span]);
      expect(barsInRange(await barsOf(), loaded)).toEqual(barsInRange(sound, loaded));
    },
    30_000,
  );

  it('prints the remedy below the problem, also of a series that cannot be read', async () => {
    await rm((await fileOf('ledger.')) ?? '');
    const { code, stdout } = await data(['verify', ...series]);
    expect(code).toBe(9);
    expect(stdout).toMatch(
      /^damaged {2}aapl-\S+ledger\.\d+\.json\.gz: it is missing\n {2}Put it back from a backup, or /,
    );
    expect(stdout).toMatch(/^1 series, 2 files, .*: 1 damaged$/m);
  });
});
