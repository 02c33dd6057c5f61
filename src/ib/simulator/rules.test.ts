import { describe, expect, it } from 'vitest';
import { MessageRate, PacingLedger } from './rules.ts';

const request = (identity: string, { series = identity, weight = 1 }: { series?: string; weight?: 1 | 2 } = {}) =>
  ({ identity, series, weight }) as const;

describe('PacingLedger', () => {
  it('refuses an identical request for fifteen seconds', () => {
    const ledger = new PacingLedger();
    expect(ledger.admit(request('a'), 0)).toBe(true);
    expect(ledger.admit(request('a'), 14_999)).toBe(false);
    expect(ledger.admit(request('a'), 15_000)).toBe(true);
  });

  it('refuses the sixth request for one series within two seconds', () => {
    const ledger = new PacingLedger();
    const admitted = (id: number, at: number) => ledger.admit(request(`${id}`, { series: 'AAPL' }), at);
    for (let id = 0; id < 5; id += 1) expect(admitted(id, id * 100)).toBe(true);
    expect(admitted(5, 1999)).toBe(false);
    expect(ledger.admit(request('other'), 1999)).toBe(true);
    expect(admitted(6, 2000)).toBe(true);
  });

  it('refuses more than sixty in ten minutes, where quotes of both sides count twice', () => {
    const ledger = new PacingLedger();
    for (let id = 0; id < 58; id += 1) expect(ledger.admit(request(`${id}`), id)).toBe(true);
    expect(ledger.admit(request('quotes', { weight: 2 }), 100)).toBe(true);
    expect(ledger.admit(request('last'), 599_999)).toBe(false);
    expect(ledger.admit(request('last'), 600_000)).toBe(true);
  });
});

describe('MessageRate', () => {
  it('lets fifty a second pass for ever', () => {
    const rate = new MessageRate();
    for (let at = 0; at < 10_000; at += 20) expect(rate.admit(at)).toBe('ok');
  });

  it('strikes at the fifty-first and puts out at the third strike', () => {
    const rate = new MessageRate();
    const verdicts = Array.from({ length: 153 }, () => rate.admit(0));
    expect(verdicts.flatMap((verdict, index) => (verdict === 'ok' ? [] : [[index + 1, verdict]]))).toEqual([
      [51, 'strike'],
      [102, 'strike'],
      [153, 'out'],
    ]);
  });
});
