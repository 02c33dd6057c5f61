import { describe, expect, it } from 'vitest';
import { assetTypeOf, identifySymbol, parseSymbol, symbolOf } from './contract.ts';

describe('parseSymbol', () => {
  it.each(['EUR.USD', 'EURUSD', 'eur/usd', ' EUR.USD '])('reads "%s" as the pair EUR.USD', (text) => {
    const contract = parseSymbol(text);
    expect(contract).toEqual({ secType: 'CASH', symbol: 'EUR', currency: 'USD', exchange: 'IDEALPRO' });
    expect(symbolOf(contract)).toBe('EUR.USD');
  });

  it.each([
    ['AAPL', 'AAPL'],
    ['aapl', 'AAPL'],
    ['BRK.B', 'BRK B'],
    ['BRK B', 'BRK B'],
    ['GOOGLE', 'GOOGLE'],
  ])('reads "%s" as the stock %s', (text, symbol) => {
    const contract = parseSymbol(text);
    expect(contract).toEqual({ secType: 'STK', symbol, currency: 'USD', exchange: 'SMART' });
    expect(symbolOf(contract)).toBe(symbol);
  });

  it.each(['SPX', '^SPX', 'spx'])('reads "%s" as the index SPX', (text) => {
    const contract = parseSymbol(text);
    expect(contract).toEqual({ secType: 'IND', symbol: 'SPX', currency: 'USD', exchange: 'CBOE' });
    expect([symbolOf(contract), assetTypeOf(contract)]).toEqual(['SPX', 'index']);
  });

  it.each(['ES-202603', 'es-202603', 'ESH26'])('reads "%s" as the future ES of March 2026', (text) => {
    const contract = parseSymbol(text);
    expect(contract).toEqual({ secType: 'FUT', symbol: 'ES', currency: 'USD', exchange: 'CME', month: '202603' });
    expect([symbolOf(contract), assetTypeOf(contract)]).toEqual(['ES-202603', 'future']);
  });

  it('gives the same contract for the name that it gives', () => {
    for (const text of ['eurusd', 'brk.b', '^ndx', 'NQZ25', 'spy']) {
      const contract = parseSymbol(text);
      expect(parseSymbol(symbolOf(contract))).toEqual(contract);
      expect(identifySymbol(text).symbol).toBe(symbolOf(contract));
    }
  });

  it('takes for a fund what IB calls one', () => {
    expect(assetTypeOf(parseSymbol('SPY'), 'ETF')).toBe('etf');
    expect(assetTypeOf(parseSymbol('AAPL'), 'COMMON')).toBe('stock');
  });

  it.each(['', '   ', '\u0000AAPL', 'A\u0000B', '../etc', 'x'.repeat(33), 'ÄÖ'])('refuses "%s"', (text) => {
    expect(() => parseSymbol(text)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });
});
