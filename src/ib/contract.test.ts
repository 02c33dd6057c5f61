import { describe, expect, it } from 'vitest';
import { parseSymbol, symbolOf } from './contract.ts';

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

  it.each(['', '   ', '\u0000AAPL', 'A\u0000B', '../etc', 'x'.repeat(33), 'ÄÖ'])('refuses "%s"', (text) => {
    expect(() => parseSymbol(text)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });
});
