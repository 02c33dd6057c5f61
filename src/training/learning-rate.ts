import { wholePower } from '../base/index.ts';
import type { EpochMetrics } from '../models/index.ts';
import type { SchedulerSettings } from '../strategies/index.ts';

/** A loss that has fallen by less than this share has not fallen. As in PyTorch's `ReduceLROnPlateau`. */
const leastFall = 1e-4;

/**
 * The learning rate of the epoch that follows those of a history: the history alone decides it, so a training that goes on
 * from a checkpoint goes on with the right one.
 */
export function learningRateAfter(
  history: readonly EpochMetrics[],
  { initial, scheduler }: { initial: number; scheduler: SchedulerSettings | undefined },
): number {
  switch (scheduler?.type) {
    case undefined:
      return initial;
    case 'step':
      return initial * wholePower(scheduler.gamma, Math.floor(history.length / scheduler.stepSize));
    case 'exponential':
      return initial * wholePower(scheduler.gamma, history.length);
    case 'reduce_on_plateau':
      return initial * wholePower(scheduler.factor, plateaus(history, scheduler.patience));
    default:
      return scheduler satisfies never;
  }
}

/** How often more than `patience` epochs in a row brought nothing; the count begins anew after each time. */
function plateaus(history: readonly EpochMetrics[], patience: number): number {
  let least = Infinity;
  let idle = 0;
  let count = 0;
  for (const { validationLoss = Infinity } of history) {
    idle += 1;
    if (validationLoss < least * (1 - leastFall)) {
      least = validationLoss;
      idle = 0;
    }
    if (idle > patience) {
      count += 1;
      idle = 0;
    }
  }
  return count;
}
