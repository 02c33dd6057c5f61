import type { Clock } from './clock.ts';

/** Numbers at one step of work, such as the losses after so many batches. */
export interface MetricPoint {
  /** Of work that counts up; what it counts is for the work to say. */
  readonly step: number;
  /** By name; all finite. */
  readonly values: Readonly<Record<string, number>>;
}

/** Where work puts the points of its curves, which are kept with its record. */
export interface Metrics {
  /**
   * Adds points, each in place of all that were at its step or behind it: work that goes on from a checkpoint tells once
   * more what came after that. Those of one call are written together. The newest 10,000 are kept; who makes more should
   * leave some out.
   */
  record(...points: readonly MetricPoint[]): void;
}

interface BatchOptions {
  readonly clock: Clock;
  /** Is given the points in the order in which they were recorded. */
  readonly send: (points: readonly MetricPoint[]) => void;
}

/** How long a point waits at most for others to be sent with it. */
const batchMs = 100;

/** Collects points: one that follows a pause is sent at once, those in close succession are sent together. */
export class MetricsBatch implements Metrics {
  readonly #clock: Clock;
  readonly #send: BatchOptions['send'];
  #points: MetricPoint[] = [];
  #sentAt = Number.NEGATIVE_INFINITY;
  #sending: Disposable | undefined;

  constructor({ clock, send }: BatchOptions) {
    this.#clock = clock;
    this.#send = send;
  }

  record(...points: readonly MetricPoint[]): void {
    this.#points.push(...points);
    const wait = this.#sentAt + batchMs - this.#clock.elapsed();
    if (wait <= 0) this.flush();
    else this.#sending ??= this.#clock.after(wait, () => this.flush());
  }

  /** Sends what has not been sent yet. */
  flush(): void {
    this.#sending?.[Symbol.dispose]();
    this.#sending = undefined;
    if (this.#points.length === 0) return;
    const points = this.#points;
    this.#points = [];
    this.#sentAt = this.#clock.elapsed();
    this.#send(points);
  }
}
