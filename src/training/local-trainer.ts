import { inWorker } from '../async/index.ts';
import type { OperationWork } from '../operations/index.ts';
import type { BarSource } from './bar-source.ts';
import type { ModelStore } from './model-store.ts';
import { unscaled } from './normalize.ts';
import { phases } from './phases.ts';
import { readBars } from './read-bars.ts';
import type { TrainedModel, TrainingJob } from './train-on-bars.ts';
import {
  beginContext,
  planOf,
  type TrainModelContext,
  type TrainModelInput,
  type TrainModelResult,
} from './train-model.ts';

interface LocalTrainerOptions {
  readonly bars: BarSource;
  readonly models: ModelStore;
  /** Of this program, for the record of the model. */
  readonly version: string;
}

/**
 * Trains on this machine, in a thread of its own: reads the bars, hands them to the thread, stores the model that comes
 * back. A cancelled or failed training stores nothing.
 */
export function localTrainer({
  bars: source,
  models,
  version,
}: LocalTrainerOptions): OperationWork<TrainModelInput, TrainModelContext, TrainModelResult> {
  return async (input, context) => {
    const { id, token, progress, clock, log } = context;
    const begun = clock.elapsed();
    const plan = planOf(input);
    const { warnings } = plan.strategy;
    for (const warning of warnings) log.warn('remark on the strategy', { warning });

    progress.report({ phase: phases.reading.name, fraction: phases.reading.share[0] });
    const symbols = await readBars(plan, source, token);
    const trained = await inTrainingThread({ plan, symbols }, context);

    token.throwIfCancelled('the saving of the model');
    progress.report({ phase: phases.saving.name, fraction: phases.saving.share[0] });
    const { epochsTrained, keptEpoch, stoppedEarly, history, metrics, rows, weightsSha256, dataFingerprint } = trained;
    const {
      name,
      version: modelVersion,
      directory,
    } = await models.save({
      strategy: input.strategy,
      weights: trained.weights,
      metadata: {
        strategyName: plan.strategy.name,
        model: trained.model,
        symbols: plan.symbols,
        timeframes: plan.timeframes,
        ...(plan.range === undefined ? {} : { range: plan.range }),
        seed: plan.seed,
        operation: id,
        createdAt: new Date(clock.now()).toISOString(),
        ktrdrVersion: version,
        dataFingerprint,
      },
      features: {
        baseTimeframe: plan.baseTimeframe,
        indicators: plan.indicators,
        features: plan.features.map((feature, index) => ({ ...feature, scale: trained.scales[index] ?? unscaled })),
      },
      metrics: { epochsTrained, keptEpoch, stoppedEarly, parts: metrics, rows, history },
    });
    progress.report({ phase: '', fraction: 1 });
    log.info('model saved', { model: name, version: modelVersion, weightsSha256 });
    return {
      model: { name, version: modelVersion, directory },
      epochsTrained,
      keptEpoch,
      stoppedEarly,
      metrics,
      history,
      features: plan.features.length,
      rows,
      weightsSha256,
      seed: plan.seed,
      durationMs: Math.round(clock.elapsed() - begun),
      dataFingerprint,
      warnings: [...warnings],
    };
  };
}

const threadEntry = new URL('./train-worker.js', import.meta.url);

const inTrainingThread = inWorker<TrainingJob, TrainModelContext, TrainedModel>(threadEntry, ({ plan }) =>
  beginContext(plan),
);
