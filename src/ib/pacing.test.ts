import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultPacingLimits, forgetOldStarts, nextAllowedAt, type PacedRequest, type PacedStart } from './pacing.ts';

const limits = defaultPacingLimits;
const history: PacedRequest = { kind: 'history', key: 'AAPL 1h', instrument: 'AAPL@SMART TRADES' };
const head: PacedRequest = { kind: 'small', key: 'AAPL head', instrument: 'AAPL@SMART TRADES' };

function started(requests: readonly (PacedRequest & { at: number })[], heldUntil = -Infinity) {
  return { limits, starts: requests, heldUntil };
}

describe('nextAllowedAt', () => {
  it('lets a first request go at once', () => {
    expect(nextAllowedAt(started([]), history, 5_000)).toEqual({ at: 5_000 });
  });

  it('lets six history requests go in two seconds and holds the seventh', () => {
    const six = [0, 100, 200, 300, 400, 500].map((at) => ({ ...history, at }));
    expect(nextAllowedAt(started(six.slice(1)), history, 600)).toEqual({ at: 600 });
    expect(nextAllowedAt(started(six), history, 600)).toEqual({ at: 2_000, why: 'the history rate of IB' });
  });

  it('holds an identical head timestamp for 15 seconds, and no other', () => {
    const before = started([{ ...head, at: 1_000 }]);
    expect(nextAllowedAt(before, head, 2_000).at).toBe(16_000);
    expect(nextAllowedAt(before, { ...head, key: 'other' }, 2_000).at).toBe(2_000);
    expect(nextAllowedAt(started([{ ...history, at: 1_000 }]), history, 2_000).at).toBe(2_000);
  });

  it('keeps small requests within the ten-minute budget', () => {
    const many = Array.from({ length: 58 }, (_, index) => ({
      kind: 'small' as const,
      key: `${index}`,
      instrument: `${index}`,
      at: index * 1_000,
    }));
    expect(nextAllowedAt(started(many), head, 100_000)).toEqual({ at: 600_000, why: 'the ten-minute budget of IB' });
    expect(nextAllowedAt(started(many), history, 100_000).at).toBe(100_000);
  });

  it('holds everything after a complaint', () => {
    expect(nextAllowedAt(started([], 9_000), history, 1_000)).toEqual({ at: 9_000, why: 'IB asked for a pause' });
  });

  it('never breaks a rule, and waits no longer than a rule demands', () => {
    const request = fc.record({
      kind: fc.constantFrom('history' as const, 'small' as const, 'message' as const),
      key: fc.constantFrom('a', 'b', 'c'),
      instrument: fc.constantFrom('x', 'y'),
      pauseMs: fc.nat(3_000),
    });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 120 }), (requests) => {
        let starts: PacedStart[] = [];
        const all: PacedStart[] = [];
        let now = 0;
        for (const { pauseMs, ...each } of requests) {
          now += pauseMs;
          const { at, why } = nextAllowedAt({ limits, starts, heldUntil: -Infinity }, each, now);
          expect(at).toBeGreaterThanOrEqual(now);
          const justBefore = nextAllowedAt({ limits, starts, heldUntil: -Infinity }, each, at - 1).at;
          expect(why === undefined ? at : justBefore).toBe(at);
          now = at;
          all.push({ ...each, at });
          starts = forgetOldStarts([...starts, { ...each, at }], limits, now);
        }
        expectWithin(all, limits.messages);
        expectWithin(
          all.filter(({ kind }) => kind === 'history'),
          limits.history,
        );
        const small = all.filter(({ kind }) => kind === 'small');
        expectWithin(small, limits.small);
        for (const instrument of ['x', 'y']) {
          const same = small.filter((each) => each.instrument === instrument);
          expectWithin(same, limits.smallPerInstrument);
          for (const key of ['a', 'b', 'c']) {
            expectWithin(
              same.filter((each) => each.key === key),
              { count: 1, ms: limits.identicalMs },
            );
          }
        }
      }),
    );
  });
});

function expectWithin(starts: readonly PacedStart[], { count, ms }: { count: number; ms: number }): void {
  const spans = starts.slice(count).map(({ at }, index) => at - (starts[index]?.at ?? Number.NaN));
  expect(spans.filter((span) => !(span >= ms))).toEqual([]);
}
