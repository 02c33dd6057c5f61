import { describe, expect, it } from 'vitest';
import type { EpochMetrics } from '../models/index.ts';
import type { SchedulerSettings } from '../strategies/index.ts';
import { learningRateAfter } from './learning-rate.ts';

const historyOf = (...losses: number[]): EpochMetrics[] =>
  losses.map((validationLoss, index) => ({ epoch: index + 1, trainLoss: 9 - index, validationLoss }));
/** Of each epoch, and of the one after the last. */
const rates = (scheduler: SchedulerSettings | undefined, history: readonly EpochMetrics[]): number[] =>
  Array.from({ length: history.length + 1 }, (_, epochs) =>
    learningRateAfter(history.slice(0, epochs), { initial: 8, scheduler }),
  );

describe('learningRateAfter()', () => {
  const falling = historyOf(6, 5, 4, 3, 2);

  it('stays as it is without a scheduler', () => {
    expect(rates(undefined, falling)).toEqual([8, 8, 8, 8, 8, 8]);
  });

  it('falls after every so many epochs, or after every one', () => {
    expect(rates({ type: 'step', stepSize: 2, gamma: 0.5 }, falling)).toEqual([8, 8, 4, 4, 2, 2]);
    expect(rates({ type: 'exponential', gamma: 0.5 }, falling)).toEqual([8, 4, 2, 1, 0.5, 0.25]);
  });

  it('falls when more than the patient epochs have brought nothing, and then waits anew', () => {
    const scheduler = { type: 'reduce_on_plateau', factor: 0.5, patience: 1 } as const;
    expect(rates(scheduler, historyOf(6, 6, 7, 6, 6))).toEqual([8, 8, 8, 4, 4, 2]);
    expect(rates(scheduler, historyOf(6, 6, 5, 5, 4, 4))).toEqual([8, 8, 8, 8, 8, 8, 8]);
    // A ten-thousandth of the loss is no progress.
    expect(rates(scheduler, historyOf(6, 5.9999, 5.9998))).toEqual([8, 8, 8, 4]);
  });
});
