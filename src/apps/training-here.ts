import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Settings } from '../config/index.ts';
import type { ModelStore } from '../models/index.ts';
import { localTrainer, openCheckpoints, type BarSource } from '../training/index.ts';
import { version } from './version.ts';

interface TrainingHereOptions {
  readonly settings: Settings;
  readonly bars: BarSource;
  readonly models: ModelStore;
  /** At most one checkpoint in this time; the training room has its own idea of it when absent. */
  readonly checkpointEveryMs?: number | undefined;
}

/** Each training keeps one core busy; more than there are cores would only slow each other down. */
export const trainingSlots = { training: Math.max(1, availableParallelism()) };

/** Training in threads of this process, on bars from anywhere, into the models and with the checkpoints of a home. */
export function trainingHere({
  settings,
  bars,
  models,
  checkpointEveryMs: everyMs,
}: TrainingHereOptions): ReturnType<typeof localTrainer> {
  const directory = join(settings.home, 'checkpoints');
  const checkpoints = openCheckpoints(directory, everyMs === undefined ? {} : { everyMs });
  const { backend, memoryMb } = settings.training;
  const packageFolders = [settings.home];
  return localTrainer({ bars, models, version, backend, packageFolders, memoryMb, checkpoints });
}
