import { describe, expect, it } from 'vitest';
import { repairNames } from '../../../data/index.ts';
import { commandsOf } from '../command-tree.ts';
import { completionOf, type Completion } from './completion.ts';
import { createProgram } from '../program.ts';

const program = await createProgram(() => {});

function completed(line: string): Completion {
  return completionOf(program, line.split(' ').slice(1));
}

function wordsOf(line: string): string[] {
  return completed(line).candidates.map(({ word }) => word);
}

describe('completionOf()', () => {
  it('knows commands, hidden ones left out', () => {
    expect(wordsOf('ktrdr ')).toEqual(expect.arrayContaining(['data', 'models', 'ops', 'completion']));
    expect(wordsOf('ktrdr __')).toEqual([]);
    expect(wordsOf('ktrdr data s')).toEqual(['symbols', 'show', 'search']);
    expect(completed('ktrdr op').candidates).toEqual([
      { word: 'ops', about: 'operations: every long job, wherever it runs' },
    ]);
  });

  it('goes on behind "help", and not behind what is no command', () => {
    expect(wordsOf('ktrdr help dat')).toEqual(['data']);
    expect(wordsOf('ktrdr help data l')).toEqual(['load']);
    expect(wordsOf('ktrdr dta ')).toEqual([]);
    expect(wordsOf('ktrdr data lod ')).toEqual([]);
  });

  it('knows options of a command and of all commands', () => {
    expect(wordsOf('ktrdr data load AAPL --d')).toEqual(['--dry-run', '--deadline', '--detach']);
    expect(wordsOf('ktrdr data load AAPL --ap')).toEqual(['--api']);
    expect(wordsOf('ktrdr data load -- --d')).toEqual([]);
  });

  it('knows the values of options, in both spellings', () => {
    expect(wordsOf('ktrdr data load AAPL -m ')).toEqual(['local', 'tail', 'backfill', 'full']);
    expect(wordsOf('ktrdr data load AAPL --mode=f')).toEqual(['--mode=full']);
    expect(wordsOf('ktrdr data show AAPL -t 1')).toEqual(['1m', '15m', '1h', '1d', '1w', '1M']);
    expect(wordsOf('ktrdr config get ib.gateway.p')).toEqual(['ib.gateway.port']);
    expect(completed('ktrdr ops list --parent=op')).toMatchObject({ names: 'operations', prefix: '--parent=' });
  });

  it.each([
    ['ktrdr ops list --status ', ['pending', 'running', 'cancelling', 'completed', 'failed', 'cancelled']],
    ['ktrdr ops list --status running,c', ['running,cancelling', 'running,completed', 'running,cancelled']],
    ['ktrdr ops list --status=failed,fail', []],
    ['ktrdr data load AAPL -t 1h,1', ['1h,1m', '1h,15m', '1h,1d', '1h,1w', '1h,1M']],
    ['ktrdr models train x.yaml --timeframes=4', ['--timeframes=4h']],
    ['ktrdr data export AAPL -t 1d --repair ', repairNames],
    ['ktrdr data import AAPL x.csv --zone Europe/Berl', ['Europe/Berlin']],
    ['ktrdr config set log.level ', ['debug', 'info', 'warn', 'error', 'silent']],
    ['ktrdr config set log.level w', ['warn']],
    ['ktrdr config set training.use_host_service ', ['true', 'false']],
    ['ktrdr config set ib.gateway.port ', []],
    ['ktrdr config set nothing ', []],
  ])('knows the values in %s', (line, words) => {
    expect(wordsOf(line)).toEqual(words);
  });

  it('has words, names or files for every option and argument that takes one of several known things', () => {
    const places = commandsOf(program).flatMap(({ path, options, registeredArguments }) => [
      ...options.filter(({ required }) => required).map(({ long, flags }) => ({ line: `${path} ${long}=`, flags })),
      ...registeredArguments.slice(0, 1).map((argument) => ({ line: `${path} `, flags: argument.name() })),
    ]);
    const blind = places.filter(({ line }) => {
      const { candidates, names, files = false } = completed(line);
      return candidates.length === 0 && names === undefined && !files;
    });
    const free = /url|date|time|duration|count|cursor|number|share|factor|port|ms|text|name|latency|permission/;
    expect(blind.filter(({ flags }) => !free.test(flags))).toEqual([]);
  });

  it('says which names the API has to be asked for, and which API the line means', () => {
    expect(completed('ktrdr --api http://h:1 data show ')).toMatchObject({
      names: 'symbols',
      flags: { '--api': 'http://h:1' },
    });
    expect(completed('ktrdr data load AAPL MS')).toMatchObject({ names: 'symbols' });
    expect(completed('ktrdr models compare a@v1 ')).toMatchObject({ names: 'models' });
    expect(completed('ktrdr models predict momentum ')).toMatchObject({ names: 'symbols' });
    expect(completed('ktrdr ops follow ')).toMatchObject({ names: 'operations' });
    expect(completed('ktrdr ops list --type ')).toMatchObject({ names: 'types' });
    expect(completed('ktrdr strategies new mine --from ')).toMatchObject({ names: 'templates' });
    expect(completed('ktrdr models train x.yaml --symbols=AAPL,MS')).toMatchObject({
      names: 'symbols',
      prefix: '--symbols=AAPL,',
    });
    expect(completed('ktrdr config set home ')).toMatchObject({ candidates: [], files: true });
    expect(completed('ktrdr ops follow op_1 ')).toEqual({ candidates: [], flags: {} });
  });

  it('leaves files to the shell', () => {
    expect(completed('ktrdr models train ')).toMatchObject({ candidates: [], files: true });
    expect(completed('ktrdr data export AAPL -o ')).toMatchObject({ candidates: [], files: true });
  });
});
