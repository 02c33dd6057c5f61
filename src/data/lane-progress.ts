import type { Progress, ProgressUpdate } from '../async/index.ts';

interface Lane {
  phase: string;
  fraction: number;
  isFinished: boolean;
}

/**
 * One progress of several jobs that go on side by side: the fraction is that of all of them, the phase that of the first
 * one that is not finished, which the others wait for.
 */
export class LaneProgress<C> {
  readonly #whole: Progress<C>;
  readonly #lanes: Lane[];
  #finished = 0;

  constructor(whole: Progress<C>, { phase, jobs }: { phase: string; jobs: number }) {
    this.#whole = whole;
    this.#lanes = Array.from({ length: jobs }, () => ({ phase, fraction: 0, isFinished: false }));
    this.#report({});
  }

  lane(index: number): Progress<C> {
    return this.#part(index, { from: 0, to: 1 });
  }

  finish(index: number, context: Partial<C>): void {
    const lane = this.#lanes[index];
    if (lane === undefined) return;
    lane.isFinished = true;
    lane.fraction = 1;
    this.#finished += 1;
    this.#report({ context });
  }

  #part(index: number, { from, to }: { from: number; to: number }): Progress<C> {
    return {
      report: (update) => this.#take(index, { ...update, fraction: from + (to - from) * (ownFraction(update) ?? 0) }),
      within: (start, end) => this.#part(index, { from: from + (to - from) * start, to: from + (to - from) * end }),
    };
  }

  #take(index: number, { phase, fraction = 0, context }: ProgressUpdate<C>): void {
    const lane = this.#lanes[index];
    if (lane === undefined || lane.isFinished) return;
    lane.phase = phase ?? lane.phase;
    lane.fraction = Math.max(lane.fraction, Math.min(1, fraction));
    this.#report(context === undefined ? {} : { context });
  }

  #report(update: ProgressUpdate<C>): void {
    const lead = this.#lanes.find(({ isFinished }) => !isFinished) ?? this.#lanes.at(-1);
    const sum = this.#lanes.reduce((total, { fraction }) => total + fraction, 0);
    this.#whole.report({
      ...update,
      phase: lead?.phase ?? '',
      done: this.#finished,
      total: this.#lanes.length,
      ...(this.#lanes.length === 0 ? {} : { fraction: sum / this.#lanes.length }),
    });
  }
}

function ownFraction<C>({ fraction, done, total }: ProgressUpdate<C>): number | undefined {
  if (fraction !== undefined) return fraction;
  return done === undefined || total === undefined || total <= 0 ? undefined : done / total;
}
