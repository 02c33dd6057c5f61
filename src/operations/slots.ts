import { cancelledError, type CancellationToken, type Clock } from '../async/index.ts';
import { WorkQueue, type QueueEntry } from './work-queue.ts';

/** So often at most the places in the queue are told anew, however fast it moves. */
const placesEveryMs = 100;

interface SlotsOptions {
  readonly slots: Readonly<Record<string, number>>;
  readonly clock: Clock;
  /** Called with the place of whoever waits, when it may have changed. */
  readonly onPlace: (id: string, place: number) => void;
}

/** The slots of limited resources as something to wait for. */
export class Slots implements Disposable {
  readonly #queue: WorkQueue;
  readonly #clock: Clock;
  readonly #onPlace: (id: string, place: number) => void;
  readonly #waiting = new Map<string, () => void>();
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
    const granted = new Promise<void>((resolve) => void this.#waiting.set(id, resolve));
    this.#queue.add({ id, resource, priority });
    this.#move();
    const place = this.#queue.place(id);
    if (place !== undefined) this.#onPlace(id, place);
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
    this.#telling ??= this.#waiting.size === 0 ? undefined : this.#clock.after(placesEveryMs, () => this.#tell());
  }

  #wake(id: string): void {
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve?.();
  }

  #tell(): void {
    this.#telling = undefined;
    for (const [id, place] of this.#queue.places()) this.#onPlace(id, place);
  }
}
