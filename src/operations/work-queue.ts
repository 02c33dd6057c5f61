import { KtrdrError } from '../base/index.ts';

/** Something that wants a slot of a resource. */
export interface QueueEntry {
  readonly id: string;
  readonly resource: string;
  /** The highest goes first; of equals, whoever came first. */
  readonly priority: number;
}

/**
 * Who holds the slots of each resource and who waits for them, in which order. Pure bookkeeping: it says who may go, and
 * somebody else makes them go.
 */
export class WorkQueue {
  readonly #lanes = new Map<string, Lane>();
  readonly #laneOf = new Map<string, Lane>();

  /** @throws KtrdrError `invalid_input` for a number of slots that is none. */
  constructor(slots: Readonly<Record<string, number>>) {
    for (const [resource, count] of Object.entries(slots)) {
      if (!Number.isInteger(count) || count < 1) {
        throw new KtrdrError('invalid_input', `The resource "${resource}" needs 1 slot or more, not ${count}.`);
      }
      this.#lanes.set(resource, { slots: count, waiting: [], holding: new Set() });
    }
  }

  /** A resource without a number of slots is not limited. */
  limits(resource: string): boolean {
    return this.#lanes.has(resource);
  }

  /** Puts an entry in its place. An id is in the queue at most once: waiting or holding. */
  add(entry: QueueEntry): void {
    const lane = this.#lanes.get(entry.resource);
    if (lane === undefined || this.#laneOf.has(entry.id)) {
      throw new KtrdrError(
        'internal',
        `"${entry.id}" cannot queue for "${entry.resource}": no such resource, or queued already.`,
      );
    }
    // From the end, where most belong.
    const before = lane.waiting.findLastIndex(({ priority }) => priority >= entry.priority);
    lane.waiting.splice(before + 1, 0, entry);
    this.#laneOf.set(entry.id, lane);
  }

  /** Takes an id out, whether it waits or holds a slot. Not to be there is no fault. */
  remove(id: string): void {
    const lane = this.#laneOf.get(id);
    if (lane === undefined) return;
    this.#laneOf.delete(id);
    if (!lane.holding.delete(id)) lane.waiting.splice(placeIn(lane, id) - 1, 1);
  }

  /** Gives every free slot to whoever is next, and says to whom. */
  grant(): string[] {
    const granted: string[] = [];
    for (const lane of this.#lanes.values()) {
      for (const { id } of lane.waiting.splice(0, lane.slots - lane.holding.size)) {
        lane.holding.add(id);
        granted.push(id);
      }
    }
    return granted;
  }

  /** 1 is next; undefined for what does not wait. */
  place(id: string): number | undefined {
    const lane = this.#laneOf.get(id);
    return lane === undefined || lane.holding.has(id) ? undefined : placeIn(lane, id);
  }

  /** Everything that waits, in order, with its place in its own lane. */
  *places(): Generator<[id: string, place: number]> {
    for (const { waiting } of this.#lanes.values()) {
      for (const [index, { id }] of waiting.entries()) yield [id, index + 1];
    }
  }

  /** How full each resource is. */
  usage(): Record<string, { slots: number; holding: number; waiting: number }> {
    return Object.fromEntries(
      [...this.#lanes].map(([resource, { slots, holding, waiting }]) => [
        resource,
        { slots, holding: holding.size, waiting: waiting.length },
      ]),
    );
  }
}

interface Lane {
  readonly slots: number;
  readonly waiting: QueueEntry[];
  readonly holding: Set<string>;
}

function placeIn({ waiting }: Lane, id: string): number {
  return waiting.findIndex((entry) => entry.id === id) + 1;
}
