import { cancelledError, type CancellationToken, type Clock } from '../async/index.ts';
import { WorkQueue, type QueueEntry } from './work-queue.ts';

/**
 * How often at most, and how many at a time, places in the queue are announced: one end moves up all who wait, and if
 * each heard of it, a queue would cost the square of its length.
 */
const tellEveryMs = 100;
const toldAtOnce = 4;

interface SlotsOptions {
  readonly slots: Readonly<Record<string, number>>;
  readonly clock: Clock;
  /** Called with the place of whoever waits: at once when it begins to, and anew as `mostStale` says. */
  readonly onPlace: (id: string, place: number) => void;
}

interface Waiting {
  readonly go: () => void;
  /** The place that was told last. */
  told: number | undefined;
}

/** The slots of limited resources as something to wait for. */
export class Slots implements Disposable {
  readonly #queue: WorkQueue;
  readonly #clock: Clock;
  readonly #onPlace: (id: string, place: number) => void;
  readonly #waiting = new Map<string, Waiting>();
  #telling: Disposable | undefined;

  constructor({ slots, clock, onPlace }: SlotsOptions) {
    this.#queue = new WorkQueue(slots);
    this.#clock = clock;
    this.#onPlace = onPlace;
  }

  /**
   * Resolves when the id holds a slot, at once where the resource is not limited, or when it was given back meanwhile.
   * @throws KtrdrError `cancelled` as soon as the token is; then it neither waits nor holds.
   */
  async take(
    entry: Omit<QueueEntry, 'resource'> & { resource: string | undefined },
    token: CancellationToken,
  ): Promise<void> {
    token.throwIfCancelled();
    const { id, resource, priority } = entry;
    if (resource === undefined || !this.#queue.limits(resource)) return;
    const granted = new Promise<void>((go) => void this.#waiting.set(id, { go, told: undefined }));
    this.#queue.add({ id, resource, priority });
    this.#move();
    const place = this.#queue.place(id);
    if (place !== undefined) this.#tell(id, place);
    using _ = token.onCancelled(() => this.giveBack(id));
    await granted;
    if (token.reason === undefined) return;
    this.giveBack(id);
    throw cancelledError(token.reason);
  }

  /** Ends the holding or the waiting of an id; to have neither is no fault. */
  giveBack(id: string): void {
    this.#queue.remove(id);
    this.#wake(id);
    this.#move();
  }

  usage(): ReturnType<WorkQueue['usage']> {
    return this.#queue.usage();
  }

  [Symbol.dispose](): void {
    this.#telling?.[Symbol.dispose]();
  }

  #move(): void {
    for (const id of this.#queue.grant()) this.#wake(id);
    if (this.#waiting.size > 0) this.#tellSoon();
  }

  #tellSoon(): void {
    this.#telling ??= this.#clock.after(tellEveryMs, () => this.#tellMostStale());
  }

  #wake(id: string): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.go();
  }

  #tellMostStale(): void {
    this.#telling = undefined;
    const stale = mostStale(this.#queue.places(), (id) => this.#waiting.get(id)?.told);
    for (const [id, place] of stale.slice(0, toldAtOnce)) this.#tell(id, place);
    if (stale.length > toldAtOnce) this.#tellSoon();
  }

  #tell(id: string, place: number): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    waiting.told = place;
    this.#onPlace(id, place);
  }
}

/** The places that are not what was told last, the most wrong in proportion first: who is nearly there hears of each step. */
function mostStale(
  places: Iterable<readonly [id: string, place: number]>,
  toldOf: (id: string) => number | undefined,
): (readonly [id: string, place: number])[] {
  const stale: { entry: readonly [string, number]; error: number }[] = [];
  for (const entry of places) {
    const [id, place] = entry;
    const told = toldOf(id) ?? place;
    if (told !== place) stale.push({ entry, error: Math.max(told / place, place / told) });
  }
  return stale.toSorted((a, b) => b.error - a.error).map(({ entry }) => entry);
}
