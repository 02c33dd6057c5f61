import type { Metrics } from '../async/index.ts';
import type { EpochMetrics } from '../models/index.ts';

/** Of a whole training, at most; the others lie between them. */
const batchPoints = 2_000;
const epochPoints = 4_000;

export interface Curves {
  batch(epoch: number, batch: number, trainLoss: number): void;
  epoch(metrics: EpochMetrics, learningRate: number): void;
}

/**
 * Records the curves of a training, thinned to what an eye can see. A step is a batch, counted from the beginning of the
 * training: a point with the mean loss of the epoch so far every so many batches, and one with all that is known of an
 * epoch at its last batch. Which batches and epochs those are, the plan alone decides: a training that goes on from a
 * checkpoint records the same.
 */
export function recordCurves(
  metrics: Metrics | undefined,
  { epochs, batches }: { epochs: number; batches: number },
): Curves {
  const everyBatches = Math.ceil((epochs * batches) / batchPoints);
  const everyEpochs = Math.ceil(epochs / epochPoints);
  return {
    batch(epoch, batch, trainLoss) {
      const step = (epoch - 1) * batches + batch;
      if (step % everyBatches === 0 && batch < batches) metrics?.record({ step, values: { epoch, trainLoss } });
    },
    epoch(known, learningRate) {
      if (known.epoch % everyEpochs !== 0 && known.epoch < epochs) return;
      metrics?.record({ step: known.epoch * batches, values: { ...known, learningRate } });
    },
  };
}
