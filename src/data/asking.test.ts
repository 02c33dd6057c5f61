import { describe, expect, it } from 'vitest';
import { CancellationToken, ManualClock, type Progress } from '../async/index.ts';
import { asking } from './asking.ts';

describe('asking', () => {
  it('tells for how long no answer has come, but not in the first ten seconds, and nothing any more once it has', async () => {
    const clock = new ManualClock();
    const phases: string[] = [];
    const progress: Progress<object> = {
      report: ({ phase = '' }) => void phases.push(phase),
      within: () => progress,
    };
    const asked = asking('looking up AAPL', () => clock.sleep(12_500, CancellationToken.none), { progress, clock });
    clock.advance(9_999);
    expect(phases).toEqual(['looking up AAPL']);
    clock.advance(2_501);
    await asked;
    clock.advance(60_000);
    expect(phases.slice(1)).toEqual([10, 11, 12].map((seconds) => `looking up AAPL, no answer for ${seconds} s`));
  });
});
