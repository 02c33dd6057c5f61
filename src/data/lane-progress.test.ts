import { describe, expect, it } from 'vitest';
import type { Progress, ProgressUpdate } from '../async/index.ts';
import { LaneProgress } from './lane-progress.ts';

type Context = { bars: number };

function recorded(): { whole: Progress<Context>; updates: ProgressUpdate<Context>[] } {
  const updates: ProgressUpdate<Context>[] = [];
  const whole: Progress<Context> = { report: (update) => updates.push(update), within: () => whole };
  return { whole, updates };
}

describe('LaneProgress', () => {
  it('adds up what goes on side by side, and shows what the first unfinished job does', () => {
    const { whole, updates } = recorded();
    const lanes = new LaneProgress(whole, { phase: 'loading', jobs: 4 });
    lanes.lane(1).report({ phase: 'fetching', done: 1, total: 2 });
    expect(updates.at(-1)).toEqual({ phase: 'loading', done: 0, total: 4, fraction: 0.125 });
    lanes.lane(0).report({ phase: 'waiting' });
    expect(updates.at(-1)).toMatchObject({ phase: 'waiting', fraction: 0.125 });
    lanes.finish(0, { bars: 5 });
    expect(updates.at(-1)).toEqual({ phase: 'fetching', done: 1, total: 4, fraction: 0.375, context: { bars: 5 } });
    lanes.lane(2).within(0.5, 1).report({ fraction: 0.5 });
    expect(updates.at(-1)).toMatchObject({ phase: 'fetching', fraction: 0.5625 });
  });

  it('never falls, and takes nothing more from a job that is finished', () => {
    const { whole, updates } = recorded();
    const lanes = new LaneProgress(whole, { phase: '', jobs: 2 });
    lanes.lane(0).report({ done: 1, total: 1 });
    lanes.lane(0).report({ done: 0, total: 1 });
    expect(updates.at(-1)).toMatchObject({ fraction: 0.5 });
    lanes.finish(0, {});
    const count = updates.length;
    lanes.lane(0).report({ phase: 'late' });
    expect(updates).toHaveLength(count);
  });
});
