import type { EpochMetrics } from '../models/index.ts';
import type { Trainer } from '../nn/index.ts';
import type { EarlyStopping } from '../strategies/index.ts';

/** Of the best epoch so far: what it was, and the trainer's params then. */
export interface BestState {
  readonly epoch: number;
  /** The higher, the better. */
  readonly score: number;
  /** The score that has to be beaten, and the epoch that reached it. */
  readonly reference: number;
  readonly improvedAt: number;
  readonly params: Float32Array;
}

/** The best epoch so far, with everything the trainer had then. */
export class BestEpoch {
  state: BestState | undefined;
  readonly #rule: EarlyStopping;

  constructor(rule: EarlyStopping, from?: BestState) {
    this.#rule = rule;
    this.state = from;
  }

  /** The best weights are those of the best score, however small its lead; patience asks for a lead of `minDelta`. */
  look({ epoch, validationLoss = Infinity, validationAccuracy = 0 }: EpochMetrics, trainer: Trainer): void {
    const score = this.#rule.monitor === 'val_loss' ? -validationLoss : validationAccuracy;
    const before = this.state;
    const lead =
      before === undefined || score > before.reference + this.#rule.minDelta
        ? { reference: score, improvedAt: epoch }
        : { reference: before.reference, improvedAt: before.improvedAt };
    const kept =
      before === undefined || score > before.score
        ? { epoch, score, params: trainer.exportParams() }
        : { epoch: before.epoch, score: before.score, params: before.params };
    this.state = { ...kept, ...lead };
  }

  isStale(epoch: number): boolean {
    return epoch - (this.state?.improvedAt ?? epoch) >= this.#rule.patience;
  }
}
