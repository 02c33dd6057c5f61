import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  budgetLeft,
  defaultPacingLimits,
  forgetOldStarts,
  nextAllowedAt,
  noPause,
  pauseAfterComplaint,
  type PacedRequest,
  type PacedStart,
} from './pacing.ts';

const limits = defaultPacingLimits;
const history: PacedRequest = { kind: 'history', key: 'AAPL 1h', instrument: 'AAPL@SMART TRADES', weight: 1 };
const head: PacedRequest = { kind: 'small', key: 'AAPL head', instrument: 'AAPL@SMART TRADES', weight: 1 };

function started(requests: readonly PacedStart[], pause = noPause) {
  return { limits, starts: requests, pause };
}

function heads(count: number, weight: 1 | 2 = 1): PacedStart[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: 'small' as const,
    key: `${index}`,
    instrument: `${index}`,
    weight,
    at: index * 1_000,
  }));
}

describe('nextAllowedAt', () => {
  it('lets a first request go at once', () => {
    expect(nextAllowedAt(started([]), history, 5_000)).toEqual({ at: 5_000 });
  });

  it('lets six history requests go in two seconds and holds the seventh', () => {
    const six = [0, 100, 200, 300, 400, 500].map((at) => ({ ...history, key: `${at}`, at }));
    expect(nextAllowedAt(started(six.slice(1)), history, 600)).toEqual({ at: 600 });
    expect(nextAllowedAt(started(six), history, 600)).toEqual({ at: 2_000, why: 'its history rate' });
  });

  it('holds an identical request for 16 seconds, and no other', () => {
    const before = started([{ ...head, at: 1_000 }]);
    expect(nextAllowedAt(before, head, 2_000)).toEqual({ at: 17_000, why: 'the same was just asked' });
    expect(nextAllowedAt(before, { ...head, key: 'other' }, 2_000).at).toBe(2_000);
    expect(nextAllowedAt(started([{ ...history, at: 1_000 }]), history, 2_000).at).toBe(17_000);
  });

  it('keeps small requests within the ten-minute budget', () => {
    const many = heads(58);
    expect(nextAllowedAt(started(many), head, 100_000)).toEqual({ at: 600_000, why: 'its ten-minute budget' });
    expect(nextAllowedAt(started(many), history, 100_000).at).toBe(100_000);
    expect(budgetLeft(many, { kind: 'small', limits }, 100_000)).toBe(0);
    expect(budgetLeft(many, { kind: 'small', limits }, 602_000)).toBe(3);
    expect(budgetLeft(many, { kind: 'history', limits }, 100_000)).toBe(limits.history.count);
  });

  it('counts bids and asks together twice', () => {
    const bidAsk = { ...head, weight: 2 } as const;
    expect(nextAllowedAt(started(heads(29, 2)), head, 100_000).at).toBe(600_000);
    expect(nextAllowedAt(started(heads(57)), head, 100_000).at).toBe(100_000);
    expect(nextAllowedAt(started(heads(57)), bidAsk, 100_000).at).toBe(600_000);
    const burst = [0, 1].map((at) => ({ ...bidAsk, key: `${at}`, at }));
    expect(nextAllowedAt(started(burst), { ...bidAsk, key: 'third' }, 100).at).toBe(2_000);
    expect(nextAllowedAt(started(burst), { ...head, key: 'third' }, 100).at).toBe(100);
  });

  it('holds everything in a pause', () => {
    const pause = { until: 9_000, lengthMs: 8_000 };
    expect(nextAllowedAt(started([], pause), history, 1_000)).toEqual({ at: 9_000, why: 'it asked for a pause' });
  });

  it('never breaks a rule, and waits no longer than a rule demands', () => {
    const request = fc.record({
      kind: fc.constantFrom('history' as const, 'small' as const, 'message' as const),
      key: fc.constantFrom('a', 'b', 'c'),
      instrument: fc.constantFrom('x', 'y'),
      weight: fc.constantFrom(1 as const, 2 as const),
      pauseMs: fc.nat(3_000),
    });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 120 }), (requests) => {
        let starts: PacedStart[] = [];
        const all: PacedStart[] = [];
        let now = 0;
        for (const { pauseMs, ...each } of requests) {
          now += pauseMs;
          const { at, why } = nextAllowedAt(started(starts), each, now);
          expect(at).toBeGreaterThanOrEqual(now);
          const justBefore = nextAllowedAt(started(starts), each, at - 1).at;
          expect(why === undefined ? at : justBefore).toBe(at);
          now = at;
          all.push({ ...each, at });
          starts = forgetOldStarts([...starts, { ...each, at }], limits, now);
        }
        expectWithin(
          all.map((each) => ({ ...each, weight: 1 })),
          limits.messages,
        );
        const ofKind = (kind: string): PacedStart[] => all.filter((each) => each.kind === kind);
        expectWithin(ofKind('history'), limits.history);
        expectWithin(ofKind('small'), limits.small);
        for (const instrument of ['x', 'y']) {
          const same = ofKind('small').filter((each) => each.instrument === instrument);
          expectWithin(same, limits.smallPerInstrument);
        }
        for (const key of ['a', 'b', 'c']) {
          const same = all.filter((each) => each.key === key);
          const spans = same.flatMap(({ kind, at: start }, index) => {
            const before = same.slice(0, index).at(-1);
            return kind === 'message' || before === undefined ? [] : [start - before.at];
          });
          expect(spans.filter((span) => span < limits.identicalMs)).toEqual([]);
        }
      }),
    );
  });
});

describe('pauseAfterComplaint', () => {
  it('pauses twice as long with each complaint that follows, ten minutes at most', () => {
    let pause = noPause;
    const lengths: number[] = [];
    for (let now = 1_000; lengths.length < 8; now = pause.until) {
      pause = pauseAfterComplaint(pause, limits, now);
      lengths.push(pause.until - now);
    }
    expect(lengths).toEqual([15_000, 30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000]);
  });

  it('counts complaints about what was under way together as one', () => {
    const pause = pauseAfterComplaint(noPause, limits, 1_000);
    expect(pauseAfterComplaint(pause, limits, 1_100)).toBe(pause);
  });

  it('begins anew after a quiet time', () => {
    const pause = { until: 100_000, lengthMs: 240_000 };
    expect(pauseAfterComplaint(pause, limits, 700_000).lengthMs).toBe(15_000);
  });
});

/** Every window of the rate, one for each start, holds no more weight than allowed. */
function expectWithin(starts: readonly PacedStart[], { count, ms }: { count: number; ms: number }): void {
  const weights = starts.map(({ at }) =>
    starts.filter((other) => other.at <= at && other.at > at - ms).reduce((sum, { weight }) => sum + weight, 0),
  );
  expect(weights.filter((weight) => weight > count)).toEqual([]);
}
