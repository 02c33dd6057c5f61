import type { Clock } from './clock.ts';
import { RateMeter } from './rate-meter.ts';

/** The read side: where a piece of work stands. Numbers and context only; a renderer makes words of it. */
export interface ProgressState<C> {
  /** What it is doing now, in the work's own vocabulary. */
  phase: string;
  /** Units finished and wanted in this phase. */
  done: number;
  total: number;
  /** 0 to 1 over the whole work; never falls. */
  fraction: number;
  context: C;
  /** Epoch milliseconds. */
  startedAt: number;
  updatedAt: number;
  /** The recent rate of `done` in this phase; absent until it is known. */
  unitsPerSecond?: number;
  /** From the recent rate of `fraction`; absent until it is known. */
  remainingMs?: number;
  /** What earlier work of the kind lets expect; absent until there was enough of it. */
  remaining?: RemainingBand;
}

/** The time left that is not exceeded in half, and in nine tenths, of all cases. */
export interface RemainingBand {
  p50Ms: number;
  p90Ms: number;
}

export interface ProgressUpdate<C> {
  phase?: string;
  done?: number;
  total?: number;
  /** Only where done/total does not tell it, for example when relaying another process's state. */
  fraction?: number;
  context?: Partial<C>;
}

/** The write side. Reporting is cheap and may happen in a loop; emission is coalesced. */
export interface Progress<C> {
  report(update: ProgressUpdate<C>): void;
  /** A part of the work: its 0 to 1 becomes `from` to `to` of the whole; the whole keeps its own done and total. */
  within(from: number, to: number): Progress<C>;
}

/** Pure: words for a state. */
export type ProgressRenderer<C> = (state: ProgressState<C>) => string;

interface ProgressOptions<C> {
  clock: Clock;
  phase?: string;
  context: C;
  emit: (state: ProgressState<C>) => void;
  /** Of reports in close succession at most one is emitted in this time; the last state is never lost. */
  intervalMs?: number;
}

/** Reports at least so far apart are no flood: each goes out at once. */
const sparseMs = 10;
const unitsMemoryMs = 5_000;
/** Longer, because the steps of a whole differ more than the units of a phase. */
const wholeMemoryMs = 30_000;

/**
 * Collects reports and emits states: at once when the report before was a while ago, else at most one an interval, and
 * the last one on `flush`. Work that reports steadily is thus seen as it is now, whether it reports rarely or in a flood.
 */
export class ProgressReporter<C> implements Progress<C>, Disposable {
  readonly #clock: Clock;
  readonly #emit: (state: ProgressState<C>) => void;
  readonly #intervalMs: number;
  readonly #units = new RateMeter({ memoryMs: unitsMemoryMs });
  readonly #whole = new RateMeter({ memoryMs: wholeMemoryMs });
  #state: ProgressState<C>;
  #reportedAt = Number.NEGATIVE_INFINITY;
  #emittedAt = Number.NEGATIVE_INFINITY;
  #pending: Disposable | undefined;
  #isDisposed = false;

  constructor({ clock, phase = '', context, emit, intervalMs = 100 }: ProgressOptions<C>) {
    this.#clock = clock;
    this.#emit = emit;
    this.#intervalMs = intervalMs;
    const now = clock.now();
    this.#state = { phase, done: 0, total: 0, fraction: 0, context, startedAt: now, updatedAt: now };
  }

  get state(): ProgressState<C> {
    return this.#state;
  }

  report(update: ProgressUpdate<C>): void {
    const done = finite(update.done) ?? this.#state.done;
    const total = finite(update.total) ?? this.#state.total;
    const counted = update.done === undefined && update.total === undefined ? undefined : ratio(done, total);
    this.#apply({ ...update, done, total }, finite(update.fraction) ?? counted);
  }

  within(from: number, to: number): Progress<C> {
    return new PartOfProgress(from, to, (update, fraction) => this.#apply(update, fraction));
  }

  /** Emits what has not been emitted yet. */
  flush(): void {
    if (this.#pending === undefined) return;
    this.#pending[Symbol.dispose]();
    this.#pending = undefined;
    this.#emitNow();
  }

  /** Ends the reporting: what work that was left behind still reports goes nowhere. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#pending?.[Symbol.dispose]();
    this.#pending = undefined;
  }

  #apply({ phase, done, total, context }: ProgressUpdate<C>, fraction: number | undefined): void {
    if (this.#isDisposed) return;
    const previous = this.#state;
    const reached = Math.max(previous.fraction, Math.min(1, finite(fraction) ?? 0));
    const rates = this.#rates(previous, {
      phase: phase ?? previous.phase,
      done: done ?? previous.done,
      fraction: reached,
    });
    this.#state = {
      phase: phase ?? previous.phase,
      done: done ?? previous.done,
      total: total ?? previous.total,
      fraction: reached,
      context: context === undefined ? previous.context : { ...previous.context, ...context },
      startedAt: previous.startedAt,
      updatedAt: this.#clock.now(),
      ...rates,
    };
    const at = this.#clock.elapsed();
    const isSparse = at - this.#reportedAt >= sparseMs;
    this.#reportedAt = at;
    const wait = this.#emittedAt + this.#intervalMs - at;
    if (isSparse || wait <= 0) {
      this.#pending?.[Symbol.dispose]();
      this.#pending = undefined;
      this.#emitNow();
    } else {
      this.#pending ??= this.#clock.after(wait, () => {
        this.#pending = undefined;
        this.#emitNow();
      });
    }
  }

  #rates(
    previous: ProgressState<C>,
    { phase, done, fraction }: { phase: string; done: number; fraction: number },
  ): Pick<ProgressState<C>, 'unitsPerSecond' | 'remainingMs'> {
    const at = this.#clock.elapsed();
    if (phase !== previous.phase) this.#units.reset();
    this.#units.observe(done, at);
    this.#whole.observe(fraction, at);
    const unitsPerSecond = finite((this.#units.perMs ?? 0) * 1_000);
    const remainingMs = finite(Math.round((1 - fraction) / (this.#whole.perMs ?? 0)));
    return {
      ...(unitsPerSecond === undefined || unitsPerSecond === 0 ? {} : { unitsPerSecond }),
      ...(remainingMs === undefined ? {} : { remainingMs }),
    };
  }

  #emitNow(): void {
    this.#emittedAt = this.#clock.elapsed();
    this.#emit(this.#state);
  }
}

class PartOfProgress<C> implements Progress<C> {
  readonly #from: number;
  readonly #to: number;
  readonly #apply: (update: ProgressUpdate<C>, fraction: number | undefined) => void;

  constructor(from: number, to: number, apply: (update: ProgressUpdate<C>, fraction: number | undefined) => void) {
    this.#from = from;
    this.#to = to;
    this.#apply = apply;
  }

  report({ phase, done, total, fraction, context }: ProgressUpdate<C>): void {
    const own = finite(fraction) ?? (done === undefined || total === undefined ? undefined : ratio(done, total));
    const { phase: _, ...words } = { phase, ...(context === undefined ? {} : { context }) };
    this.#apply(
      phase === undefined ? words : { ...words, phase },
      own === undefined ? undefined : this.#from + (this.#to - this.#from) * Math.min(1, own),
    );
  }

  within(from: number, to: number): Progress<C> {
    const span = this.#to - this.#from;
    return new PartOfProgress(this.#from + span * from, this.#from + span * to, this.#apply);
  }
}

/** A state travels and is kept as JSON, which has no NaN and no infinity. */
function finite(value: number | undefined): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

function ratio(done: number, total: number): number {
  return total > 0 ? done / total : 0;
}
