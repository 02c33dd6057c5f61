import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../async/index.ts';
import { WaitingPhase, waitingPhase } from './waiting-phase.ts';

describe('WaitingPhase', () => {
  it('counts down second by second until it is stopped', () => {
    const clock = new ManualClock();
    const phases: string[] = [];
    using waiting = new WaitingPhase(clock, (phase) => phases.push(phase));
    waiting.forLeave({ why: 'its history rate', forMs: 2_500 });
    clock.advance(1_600);
    expect(phases).toEqual([
      'waiting for IB: its history rate, 3 s left',
      'waiting for IB: its history rate, 2 s left',
      'waiting for IB: its history rate, 1 s left',
    ]);
    waiting.stop();
    clock.advance(10_000);
    expect(phases).toHaveLength(3);
  });

  it('says what it waits for where nobody knows how long', () => {
    const clock = new ManualClock();
    const phases: string[] = [];
    using waiting = new WaitingPhase(clock, (phase) => phases.push(phase));
    waiting.forLeave({ why: 'other requests are under way' });
    clock.advance(5_000);
    expect(phases).toEqual(['waiting for IB: other requests are under way']);
  });

  it('tells how long an answer has stayed away, and when the request is given up, but not of the first ten seconds', () => {
    const clock = new ManualClock();
    const phases: string[] = [];
    using waiting = new WaitingPhase(clock, (phase) => phases.push(phase));
    waiting.forAnswer({ withinMs: 60_000, piecesComingIn: () => undefined });
    clock.advance(9_999);
    expect(phases).toEqual(['fetching']);
    clock.advance(10_001);
    expect(phases).toHaveLength(12);
    expect(phases[1]).toBe('no answer from the gateway for 10 s, giving up in 50 s at the latest');
    expect(phases.at(-1)).toBe('no answer from the gateway for 20 s, giving up in 40 s at the latest');
    waiting.stop();
    clock.advance(10_000);
    expect(phases).toHaveLength(12);
  });

  it('does not call a gateway silent whose answer is coming in, and says so again when it stops in the middle', () => {
    const clock = new ManualClock();
    const phases: string[] = [];
    let pieces: number | undefined;
    using waiting = new WaitingPhase(clock, (phase) => phases.push(phase));
    waiting.forAnswer({ withinMs: 60_000, piecesComingIn: () => pieces });
    clock.advance(10_000);
    for (pieces = 1; pieces < 55; pieces += 1) clock.advance(1_000);
    expect(phases).toEqual([
      'fetching',
      'no answer from the gateway for 10 s, giving up in 50 s at the latest',
      'fetching',
    ]);
    clock.advance(13_000);
    expect(phases.at(-1)).toBe('no answer from the gateway for 12 s, giving up soon');
  });

  it.each([
    [119_000, '119 s'],
    [599_000, '9 min 59 s'],
    [5_400_000, '1 h 30 min'],
  ])('writes %i ms as %s', (leftMs, text) => {
    expect(waitingPhase('x', leftMs)).toBe(`waiting for IB: x, ${text} left`);
  });
});
