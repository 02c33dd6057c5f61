import { inWorker } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import type { OperationWork } from '../operations/index.ts';
import type { BarSource } from './bar-source.ts';
import { findBackend, type BackendSetting } from './backends.ts';
import { CheckpointFolder } from './checkpoint-folder.ts';
import type { CheckpointSettings } from './checkpoints.ts';
import { hostPlaceOf, stoppedElsewhere } from './host-place.ts';
import { orOutOfMemory } from './memory-limit.ts';
import { thisMachine, type ModelStore } from '../models/index.ts';
import { modelToSave } from './model-to-save.ts';
import { phases } from './phases.ts';
import { readBars } from './read-bars.ts';
import { endedWhenSilent } from './silence-watch.ts';
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
  readonly backend: BackendSetting;
  /** Where packages of the user's may be installed, beside those of this program. */
  readonly packageFolders?: readonly string[];
  /** The most that the thread of a training may hold, in MiB. */
  readonly memoryMb: number;
  /** Without them an interrupted training begins anew. */
  readonly checkpoints?: CheckpointSettings;
}

/**
 * Trains on this machine, in a thread of its own: reads the bars, hands them to the thread, stores the model that comes
 * back. A cancelled or failed training stores no model. One that was interrupted goes on from its last checkpoint and
 * ends with the weights that it would have ended with.
 */
export function localTrainer(
  options: LocalTrainerOptions,
): OperationWork<TrainModelInput, TrainModelContext, TrainModelResult> {
  const train = notStoppedElsewhere(trainAndSave(options));
  const { checkpoints } = options;
  if (checkpoints === undefined) return train;
  return async (input, context) => {
    const folder = new CheckpointFolder(checkpoints.directory, context.id);
    try {
      const result = await train(input, context);
      folder.remove();
      return result;
    } catch (thrown) {
      // After any other end somebody may want to continue from there.
      const { code, details } = KtrdrError.from(thrown);
      if (code === 'cancelled' && details['reason'] === 'user') folder.remove();
      throw thrown;
    }
  };
}

/** What a host was training, before the settings came to train here, does not stop with what runs here. */
function notStoppedElsewhere(train: ReturnType<typeof localTrainer>): ReturnType<typeof localTrainer> {
  return async (input, context) => {
    const { token, checkpoint } = context;
    const place = token.isCancelled ? hostPlaceOf(checkpoint.last) : undefined;
    if (place !== undefined) throw stoppedElsewhere(place, token.reason ?? 'user');
    return train(input, context);
  };
}

function trainAndSave({
  bars: source,
  models,
  version,
  backend: setting,
  packageFolders = [],
  memoryMb,
  checkpoints,
}: LocalTrainerOptions): OperationWork<TrainModelInput, TrainModelContext, TrainModelResult> {
  const inThread = inTrainingThread(memoryMb);
  return async (input, context) => {
    const { id, attempt, token, progress, clock, log } = context;
    const begun = clock.elapsed();
    const plan = planOf(input);
    const found = findBackend(setting, plan.strategy.model.type, packageFolders);
    const { backend } = found;
    log.info('backend chosen', { ...backend });
    progress.report({ phase: phases.reading.name, fraction: phases.reading.share[0] });
    const symbols = await readBars(plan, source, token);
    const job: TrainingJob = {
      plan,
      symbols,
      ...found,
      memoryMb,
      ...(checkpoints === undefined ? {} : { checkpoints }),
    };
    const trained = await inThread(job, context).catch((thrown: unknown) => {
      throw orOutOfMemory(thrown, memoryMb);
    });
    const warnings = [...plan.strategy.warnings, ...trained.warnings];
    for (const warning of warnings) log.warn('remark on the training', { warning });

    token.throwIfCancelled('the saving of the model');
    progress.report({ phase: phases.saving.name, fraction: phases.saving.share[0] });
    const model = modelToSave({
      plan,
      trained,
      strategy: input.strategy,
      backend,
      operation: id,
      createdAt: clock.now(),
      ktrdrVersion: version,
      machine: thisMachine(),
      warnings,
    });
    const { weightsSha256 } = trained;
    const of = { operation: id, name: model.metadata.strategyName, weightsSha256 };
    // An earlier attempt may have saved it just before it was interrupted.
    const before = attempt === 1 ? undefined : await models.trainedBy(of);
    const { name, version: modelVersion } = before ?? (await models.save(model));
    progress.report({ phase: '', fraction: 1 });
    const { epochsTrained, keptEpoch, stoppedEarly, history, assessment, rows, dataFingerprint } = trained;
    log.info('model saved', { model: name, version: modelVersion, weightsSha256 });
    return {
      model: { name, version: modelVersion },
      epochsTrained,
      keptEpoch,
      stoppedEarly,
      metrics: assessment.metrics,
      history,
      features: plan.features.length,
      rows,
      weightsSha256,
      seed: plan.seed,
      backend,
      durationMs: Math.round(clock.elapsed() - begun),
      dataFingerprint,
      warnings,
    };
  };
}

/** Reading the features of decades of minutes takes minutes, and reports nothing meanwhile. */
const longestSilenceMs = 10 * 60_000;

const threadEntry = new URL('./train-worker.js', import.meta.url);

/** Each training in a thread of its own, whose heap is held to the limit; what lies beside the heap, the thread looks at. */
function inTrainingThread(
  memoryMb: number,
): ReturnType<typeof endedWhenSilent<TrainingJob, TrainModelContext, TrainedModel>> {
  const resourceLimits = { maxOldGenerationSizeMb: memoryMb };
  return endedWhenSilent(
    inWorker<TrainingJob, TrainModelContext, TrainedModel>(threadEntry, ({ plan }) => beginContext(plan), {
      resourceLimits,
    }),
    longestSilenceMs,
  );
}
