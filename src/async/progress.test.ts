import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from './clock.ts';
import { ProgressReporter, type ProgressState } from './progress.ts';

interface Context {
  item: string;
}

function reporter(intervalMs = 100) {
  const clock = new ManualClock(5_000);
  const states: ProgressState<Context>[] = [];
  const progress = new ProgressReporter<Context>({
    clock,
    context: { item: '' },
    emit: (state) => states.push(state),
    intervalMs,
  });
  return { clock, states, progress };
}

describe('ProgressReporter', () => {
  it('emits the first report at once and then at most one an interval, the latest', () => {
    const { clock, states, progress } = reporter();
    for (let done = 1; done <= 50; done += 1) progress.report({ done, total: 100 });
    expect(states.map(({ done }) => done)).toEqual([1]);
    clock.advance(100);
    expect(states.map(({ done }) => done)).toEqual([1, 50]);
  });

  it('emits reports that come one by one as they come', () => {
    const { clock, states, progress } = reporter();
    for (let done = 1; done <= 5; done += 1) {
      progress.report({ done, total: 5 });
      clock.advance(10);
    }
    expect(states.map(({ done }) => done)).toEqual([1, 2, 3, 4, 5]);
  });

  it('emits the latest of a flood when a report comes after a pause, and does not repeat it', () => {
    const { clock, states, progress } = reporter();
    for (let done = 1; done <= 3; done += 1) progress.report({ done, total: 10 });
    clock.advance(50);
    progress.report({ done: 4, total: 10 });
    clock.advance(1_000);
    expect(states.map(({ done }) => done)).toEqual([1, 4]);
  });

  it('loses nothing at the end', () => {
    const { states, progress } = reporter();
    progress.report({ done: 1, total: 2 });
    progress.report({ done: 2, total: 2, context: { item: 'last' } });
    progress.flush();
    progress.flush();
    expect(states.at(-1)).toMatchObject({ done: 2, fraction: 1, context: { item: 'last' } });
    expect(states).toHaveLength(2);
  });

  it('tells the remaining time from the measured rate', () => {
    const { clock, progress } = reporter();
    progress.report({ done: 1, total: 10 });
    expect(progress.state.remainingMs).toBeUndefined();
    clock.advance(2_000);
    progress.report({ done: 2, total: 10 });
    expect(progress.state.remainingMs).toBe(16_000);
    expect(progress.state.unitsPerSecond).toBe(0.5);
  });

  it('does not count what was there at its beginning as speed', () => {
    const { clock, progress } = reporter();
    progress.report({ phase: 'copying', done: 80, total: 100 });
    clock.advance(5_000);
    progress.report({ done: 85, total: 100 });
    expect(progress.state).toMatchObject({ unitsPerSecond: 1, remainingMs: 15_000 });
  });

  it('measures the rate of each phase anew', () => {
    const { clock, progress } = reporter();
    progress.report({ phase: 'copying', done: 0, total: 10 });
    clock.advance(2_000);
    progress.report({ done: 10, total: 10 });
    expect(progress.state.unitsPerSecond).toBe(5);
    progress.report({ phase: 'checking', done: 0, total: 10 });
    expect(progress.state.unitsPerSecond).toBeUndefined();
  });

  it('maps a part onto its span of the whole and keeps the whole’s own count', () => {
    const { progress } = reporter();
    progress.report({ done: 1, total: 4 });
    const part = progress.within(0.25, 0.5);
    part.report({ phase: 'fetching', done: 1, total: 2, context: { item: 'x' } });
    expect(progress.state).toMatchObject({
      phase: 'fetching',
      done: 1,
      total: 4,
      fraction: 0.375,
      context: { item: 'x' },
    });
    part.within(0.5, 1).report({ fraction: 1 });
    expect(progress.state.fraction).toBe(0.5);
  });

  it('takes a number that is none as not told', () => {
    const { progress } = reporter();
    progress.report({ done: 1, total: 4 });
    progress.report({ done: Number.NaN, total: Number.POSITIVE_INFINITY });
    progress.report({ fraction: Number.NaN });
    progress.within(0.5, 1).report({ done: Number.NaN, total: 2 });
    expect(progress.state).toMatchObject({ done: 1, total: 4, fraction: 0.25 });
    progress.report({ done: 2 });
    expect(progress.state.fraction).toBe(0.5);
  });

  it('says nothing more once it is disposed', () => {
    const { clock, states, progress } = reporter();
    progress.report({ done: 1, total: 4 });
    progress[Symbol.dispose]();
    progress.report({ done: 2 });
    clock.advance(1_000);
    expect(states).toHaveLength(1);
  });

  it('never goes back, whatever is reported, and stays within 0 and 1', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ done: fc.double(), total: fc.double() })), (updates) => {
        const { clock, states, progress } = reporter(10);
        for (const update of updates) {
          progress.report(update);
          clock.advance(7);
        }
        progress.flush();
        const fractions = states.map(({ fraction }) => fraction);
        expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
        expect(fractions.every((fraction) => fraction >= 0 && fraction <= 1)).toBe(true);
      }),
    );
  });
});
