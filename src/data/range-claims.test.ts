import { describe, expect, it } from 'vitest';
import { CancellationSource, CancellationToken } from '../async/index.ts';
import { RangeClaims } from './range-claims.ts';

const { none } = CancellationToken;

describe('RangeClaims', () => {
  it('gives stretches that touch at once, and one that overlaps when it is released', async () => {
    const claims = new RangeClaims();
    const first = await claims.claim('a', { start: 0, end: 10 }, none);
    const next = await claims.claim('a', { start: 10, end: 20 }, none);
    await claims.claim('b', { start: 0, end: 10 }, none);
    let isMine = false;
    const waiting = claims.claim('a', { start: 5, end: 15 }, none).then((claim) => ((isMine = true), claim));
    expect(claims.isFree('a', { start: 5, end: 15 })).toBe(false);
    first[Symbol.dispose]();
    await new Promise((resolve) => setImmediate(resolve));
    expect(isMine, 'the second one is still in the way').toBe(false);
    next[Symbol.dispose]();
    (await waiting)[Symbol.dispose]();
    expect(claims.isFree('a', { start: 0, end: 20 })).toBe(true);
  });

  it('ends the wait of who is cancelled at once', async () => {
    const claims = new RangeClaims();
    using _ = await claims.claim('a', { start: 0, end: 10 }, none);
    using source = new CancellationSource();
    const waiting = claims.claim('a', { start: 0, end: 1 }, source.token);
    source.cancel('user');
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled', details: { reason: 'user' } });
  });
});
