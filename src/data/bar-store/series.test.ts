import { sep } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timeframes } from '../../market/index.ts';
import { barFileName, isOfGeneration, ledgerName, logName, parseBarFileName, parseLogName } from './file-names.ts';
import { parseSpan, seriesFolder, seriesName, spanOf } from './series.ts';

/** Names that have hurt other programs: separators, parents, reserved names, right-to-left text, halves of characters. */
const hostileSymbols = [
  '',
  '.',
  '..',
  '../x',
  '..\\x',
  '/etc/passwd',
  'C:\\x',
  'CON',
  'con',
  'nul.txt',
  'BRK B',
  'BRK.B',
  'EUR.USD',
  'EURUSD',
  'a\0b',
  'x'.repeat(10_000),
  'x'.repeat(10_001),
  '\u202Egpj.SPY',
  'מניה',
  '日経225',
  'e\u0301',
  '\u00e9',
  '\ud800',
  '\ud801',
  '__proto__',
  'a/../b',
  ' SPY',
  'SPY ',
  '%2e%2e',
  'sha256:',
];

function folder(symbol: string): string {
  return seriesFolder('/store', { symbol, timeframe: '1d' });
}

describe('seriesFolder()', () => {
  it('is one safe name below the root, whatever the symbol', () => {
    const anySymbol = fc.oneof(fc.constantFrom(...hostileSymbols), fc.string({ unit: 'binary' }), fc.string());
    fc.assert(
      fc.property(anySymbol, (symbol) => {
        const parts = folder(symbol).split(sep);
        expect(parts.slice(0, 2)).toEqual(['', 'store']);
        expect(parts[2]).toMatch(/^[a-z0-9-]*[0-9a-f]{16}$/);
        expect(parts.slice(3)).toEqual(['1d']);
      }),
    );
  });

  it('keeps any two symbols apart', () => {
    expect(new Set(hostileSymbols.map(folder)).size).toBe(hostileSymbols.length);
  });

  it('keeps timeframes apart where case does not count', () => {
    const folders = timeframes.map((timeframe) => seriesFolder('/store', { symbol: 'SPY', timeframe }).toLowerCase());
    expect(new Set(folders).size).toBe(timeframes.length);
  });

  it('stays readable for people', () => {
    expect(folder('BRK B')).toMatch(/\/brk-b-[0-9a-f]{16}\/1d$/);
  });
});

describe('spanOf()', () => {
  it('is the UTC year of an intraday bar and one span for bars of session timeframes', () => {
    expect(spanOf('1m', Date.parse('2019-12-31T23:59Z')).id).toBe('2019');
    expect(spanOf('1m', Date.parse('2020-01-01T00:00Z')).id).toBe('2020');
    for (const timeframe of ['1d', '1w', '1M'] as const)
      expect(spanOf(timeframe, Date.parse('2020-01-01T00:00Z')).id).toBe('all');
  });

  it('is undone by parseSpan(), which knows no other', () => {
    const span = spanOf('1h', Date.parse('2019-06-01T00:00Z'));
    expect(parseSpan('1h', span.id)).toEqual(span);
    expect(['all', '19', '20190', ''].map((id) => parseSpan('1h', id))).toEqual(Array(4).fill(undefined));
    expect(parseSpan('1d', '2019')).toBeUndefined();
  });
});

describe('the names of files', () => {
  it('tell span and generation, and none for files of others', () => {
    const span = spanOf('1m', Date.parse('2019-06-01T00:00Z'));
    expect(parseBarFileName('1m', barFileName(span, 12))).toEqual({ span, generation: 12 });
    expect(parseBarFileName('1m', '2019.parquet'), 'of an older store').toEqual({ span, generation: 0 });
    expect(parseLogName(logName(7))).toBe(7);
    for (const name of ['all.1.parquet', '.2019.1.parquet.1-1.tmp', 'series.json', 'revisions.log', 'my.parquet'])
      expect(isOfGeneration('1m', name)).toBe(false);
    for (const name of ['2019.parquet', '2019.3.parquet', logName(0), ledgerName(2)])
      expect(isOfGeneration('1m', name)).toBe(true);
  });
});

describe('seriesName()', () => {
  it('shortens what would fill a screen', () => {
    expect(seriesName({ symbol: 'SPY', timeframe: '1h' })).toBe('SPY 1h');
    expect(seriesName({ symbol: 'x'.repeat(10_000), timeframe: '1h' }).length).toBeLessThan(60);
  });
});
