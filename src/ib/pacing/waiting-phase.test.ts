import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../async/index.ts';
import { WaitingPhase, waitingPhase } from './waiting-phase.ts';

describe('WaitingPhase', () => {
  it('counts down second by second until it is stopped', () => {
    const clock = new ManualClock();
    const phases: string[] = [];
    using waiting = new WaitingPhase(clock, (phase) => phases.push(phase));
    waiting.update({ why: 'its history rate', forMs: 2_500 });
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
    waiting.update({ why: 'other requests are under way' });
    clock.advance(5_000);
    expect(phases).toEqual(['waiting for IB: other requests are under way']);
  });

  it.each([
    [119_000, '119 s'],
    [599_000, '9 min 59 s'],
    [5_400_000, '1 h 30 min'],
  ])('writes %i ms as %s', (leftMs, text) => {
    expect(waitingPhase('x', leftMs)).toBe(`waiting for IB: x, ${text} left`);
  });
});
