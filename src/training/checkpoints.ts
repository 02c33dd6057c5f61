import { z } from 'zod';
import { systemClock, type Clock, type WorkContext } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint-file.ts';
import {
  CheckpointFolder,
  operationOf,
  removeForgotten,
  type FoundCheckpoint,
  type SavedCheckpoint,
} from './checkpoint-folder.ts';
import type { RunState } from './training-run.ts';

/** Where checkpoints lie, and how often there is one. Plain data; it crosses to a thread. */
export interface CheckpointSettings {
  /** The folder of the checkpoints of all operations. */
  readonly directory: string;
  /** At most one in this time; 0 is one every few batches. */
  readonly everyMs: number;
}

const defaultEveryMs = 5_000;
const mostShare = 100;

/** Makes the folder where there is none, and clears away what ended operations left there long ago. */
export function openCheckpoints(
  directory: string,
  { everyMs = defaultEveryMs, clock = systemClock }: { everyMs?: number; clock?: Pick<Clock, 'now'> } = {},
): CheckpointSettings {
  removeForgotten(directory, clock.now());
  return { directory, everyMs };
}

type Context = Pick<WorkContext<unknown>, 'id' | 'checkpoint' | 'log' | 'clock'>;

const savedSchema = z.object({ batches: z.number(), file: z.string(), sha256: z.string() });

/** The checkpoints of a training as its thread sees them: it looks for one at its beginning and leaves some on its way. */
export class Checkpoints {
  readonly #settings: CheckpointSettings;
  readonly #context: Context;
  readonly #job: string;
  readonly #folder: CheckpointFolder;
  /** Not before this time. */
  #nextAt: number;

  /** @param job see `jobHash`. */
  constructor(settings: CheckpointSettings, context: Context, job: string) {
    this.#settings = settings;
    this.#context = context;
    this.#job = job;
    this.#folder = new CheckpointFolder(settings.directory, context.id);
    this.#nextAt = context.clock.elapsed() + settings.everyMs;
  }

  /**
   * The newest state that is whole and of this very training. What stands in the way of a newer one is said in the log;
   * undefined means from the beginning.
   */
  newest(): RunState | undefined {
    const { log } = this.#context;
    const found = this.#candidates();
    for (const checkpoint of found) {
      const state = this.#usable(checkpoint);
      if (state === undefined) continue;
      log.info('the training continues from a checkpoint', { batches: checkpoint.batches, file: checkpoint.file });
      return state;
    }
    if (found.length > 0 || this.#context.checkpoint.last !== undefined) {
      log.warn('the training begins anew: no checkpoint can be used', { checkpoints: found.length });
    }
    return undefined;
  }

  /**
   * Saves the state when the last checkpoint is old enough, and so old that saving costs the training a hundredth of its
   * time at most. One that the disk refuses is missed; the training goes on.
   * @param batchesOf how many batches of the whole training a state holds.
   */
  offer(state: () => RunState, batchesOf: (state: RunState) => number): void {
    const { clock, checkpoint, log } = this.#context;
    const begunAt = clock.elapsed();
    if (begunAt < this.#nextAt) return;
    try {
      const reached = state();
      const bytes = encodeCheckpoint({ job: this.#job, state: reached });
      checkpoint.save(this.#folder.write(batchesOf(reached), bytes));
    } catch (thrown) {
      log.warn('a checkpoint was not saved', { error: KtrdrError.from(thrown).message });
    }
    const savedAt = clock.elapsed();
    const { everyMs } = this.#settings;
    this.#nextAt = savedAt + (everyMs === 0 ? 0 : Math.max(everyMs, mostShare * (savedAt - begunAt)));
  }

  /**
   * Newest first. The folder is asked and not the record alone, which the thread's last words may not have reached; the
   * record tells of the folder of another operation that this one goes on from.
   */
  #candidates(): FoundCheckpoint[] {
    const last: Partial<SavedCheckpoint> = savedSchema.safeParse(this.#context.checkpoint.last).data ?? {};
    const before = operationOf(last.file ?? '');
    const others = before === undefined || before === this.#context.id ? [] : this.#listOf(before);
    return [...this.#folder.list(), ...others].toSorted((a, b) => b.batches - a.batches);
  }

  #listOf(operation: string): FoundCheckpoint[] {
    return new CheckpointFolder(this.#settings.directory, operation).list();
  }

  #usable(found: FoundCheckpoint): RunState | undefined {
    const { log } = this.#context;
    const { batches, file } = found;
    try {
      const { job, state } = decodeCheckpoint(found.read());
      if (job === this.#job) return state;
      log.warn('a checkpoint is of other bars or another strategy and is left out', { batches, file });
    } catch (thrown) {
      log.warn('a checkpoint is damaged and is left out', { batches, file, error: KtrdrError.from(thrown).message });
    }
    return undefined;
  }
}
