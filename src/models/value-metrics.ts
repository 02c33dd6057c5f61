import { z } from 'zod';
import type { Measured } from './metrics.ts';

/** How well a model foretells the numbers of one part. */
export interface ValueMetrics {
  /** Mean loss by the objective and the weights of the training. */
  loss: number;
  /** Mean distance from the target, and root of the mean of its square; both in the target's unit. */
  meanAbsoluteError: number;
  rootMeanSquareError: number;
  /** Coefficient of determination: 1 is perfect, 0 is no better than always telling the mean; 0 where the target never changes. */
  r2: number;
  /** Share of rows, among those whose target is not 0, whose sign was foretold. */
  directionalAccuracy: number;
  rows: number;
}

export const valueMetricsSchema = z.object({
  loss: z.number(),
  meanAbsoluteError: z.number().nonnegative(),
  rootMeanSquareError: z.number().nonnegative(),
  r2: z.number().max(1),
  directionalAccuracy: z.number().min(0).max(1),
  rows: z.number().int().nonnegative(),
});

export function valueMetrics({ loss, outputs, targets }: Measured): ValueMetrics {
  const rows = targets.length;
  const mean = Float64Array.from(targets).reduce((sum, target) => sum + target, 0) / rows;
  let absolute = 0;
  let squared = 0;
  let spread = 0;
  let moves = 0;
  let foretold = 0;
  for (let row = 0; row < rows; row += 1) {
    const target = targets[row] ?? 0;
    const output = outputs[row] ?? 0;
    absolute += Math.abs(output - target);
    squared += (output - target) ** 2;
    spread += (target - mean) ** 2;
    if (target !== 0) moves += 1;
    if (target !== 0 && Math.sign(output) === Math.sign(target)) foretold += 1;
  }
  return {
    loss,
    meanAbsoluteError: absolute / rows,
    rootMeanSquareError: Math.sqrt(squared / rows),
    r2: spread === 0 ? 0 : 1 - squared / spread,
    directionalAccuracy: moves === 0 ? 0 : foretold / moves,
    rows,
  };
}
