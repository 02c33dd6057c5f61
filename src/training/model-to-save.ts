import type { Machine, ModelToSave } from '../models/index.ts';
import { unscaled } from '../samples/index.ts';
import type { TrainingPlan } from '../strategies/index.ts';
import type { ChosenBackend } from './backends.ts';
import type { TrainedModel } from './train-on-bars.ts';

interface Training {
  readonly plan: TrainingPlan;
  readonly trained: TrainedModel;
  /** The text of the strategy file. */
  readonly strategy: string;
  readonly backend: ChosenBackend;
  /** The operation that trained it. */
  readonly operation: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly ktrdrVersion: string;
  readonly machine: Machine;
  readonly warnings: readonly string[];
}

/** A trained model with its report and where it comes from, as the store keeps it. */
export function modelToSave({ plan, trained, strategy, createdAt, warnings, ...origin }: Training): ModelToSave {
  const { assessment, epochsTrained, keptEpoch, stoppedEarly, rows, history } = trained;
  const { name, training, decisions } = plan.strategy;
  return {
    strategy,
    weights: trained.weights,
    metadata: {
      strategyName: name,
      model: trained.model,
      objective: training.objective,
      classes: trained.classes,
      decisions,
      symbols: plan.symbols,
      timeframes: plan.timeframes,
      ...(plan.range === undefined ? {} : { range: plan.range }),
      seed: plan.seed,
      createdAt: new Date(createdAt).toISOString(),
      dataFingerprint: trained.dataFingerprint,
      series: trained.series,
      ...origin,
    },
    features: {
      baseTimeframe: plan.baseTimeframe,
      indicators: plan.indicators,
      features: plan.features.map((feature, index) => ({
        ...feature,
        scale: trained.scales[index] ?? unscaled,
        mean: trained.means[index] ?? 0,
      })),
    },
    report: { ...assessment, epochsTrained, keptEpoch, stoppedEarly, rows, history, warnings: [...warnings] },
  };
}
