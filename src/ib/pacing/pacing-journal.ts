import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../async/index.ts';
import { KtrdrError, sha256Of, syncFolder, systemCode } from '../../base/index.ts';
import { laterOf, type PacedStart, type PacingPause } from './pacing.ts';

interface PacingJournalOptions {
  /** One for all logins; each has a folder of its own in it. */
  readonly folder: string;
  /** The accounts of a login, or where its gateway is. IB counts by login, whatever program asks. */
  readonly login: string;
  /** How long starts count. */
  readonly memoryMs: number;
  readonly clock: Clock;
  /** Milliseconds since the computer was started. */
  readonly uptimeMs?: () => number;
}

const stamp = z.object({
  by: z.string(),
  /** Counts what this program has written. */
  number: z.number(),
  /** Epoch milliseconds, and milliseconds since the computer was started. */
  at: z.number(),
  up: z.number(),
});
const startEntry = stamp.extend({ key: z.string(), instrument: z.string(), weight: z.literal([1, 2]) });
/** IB complained, and is to be left alone for so long. */
const pauseEntry = stamp.extend({ pauseMs: z.number().nonnegative() });
const entrySchema = z.union([startEntry, pauseEntry]);
type Entry = z.infer<typeof entrySchema>;
type Stamp = keyof z.infer<typeof stamp>;

/** What stands in the journal and was not told of yet, on the own clock. */
export interface JournalNews {
  /** Oldest first. */
  readonly starts: readonly PacedStart[];
  /** The one that ends last. */
  readonly pause?: PacingPause;
}

/**
 * The starts of requests under IB's hard rules, on the disk before they are sent, and the pauses that IB asked for: a
 * restart, or another program of the same home, does not have the budget of ten minutes once more, and breaks no pause.
 * Lines in files of ten minutes each, which are only ever appended to and, when they no longer count, removed. Their order
 * is the same for everybody: where two programs take the same place at the same moment, both see whose it is.
 */
export class PacingJournal {
  readonly #options: Required<PacingJournalOptions>;
  readonly #folder: string;
  readonly #id = randomUUID();
  #lastNumber = 0;
  #acting: Promise<unknown> = Promise.resolve();
  /** How many lines of each file have been read. */
  readonly #read = new Map<string, number>();

  constructor(options: PacingJournalOptions) {
    this.#options = { uptimeMs: () => uptime() * 1_000, ...options };
    // A login is text from outside and becomes no path.
    this.#folder = join(options.folder, sha256Of(options.login).slice(0, 16));
  }

  /** What others have written, or this program before it was restarted. */
  news(): Promise<JournalNews> {
    return this.#inTurn('read', () => this.#newsUntil(Infinity));
  }

  /**
   * Resolves when the start is on the disk, with the news that stand there before it.
   * @throws KtrdrError `failed_precondition` when the disk refuses.
   */
  record({ key, instrument, weight }: PacedStart): Promise<JournalNews> {
    return this.#inTurn('write', async () => {
      const number = await this.#append({ key, instrument, weight });
      return await this.#newsUntil(number);
    });
  }

  /**
   * Resolves when a pause that begins now is on the disk.
   * @throws KtrdrError `failed_precondition` when the disk refuses.
   */
  async recordPause(pauseMs: number): Promise<void> {
    await this.#inTurn('write', () => this.#append({ pauseMs }));
  }

  /** Up to the own entry of a number. */
  async #newsUntil(ownNumber: number): Promise<JournalNews> {
    const { clock, memoryMs } = this.#options;
    const starts: PacedStart[] = [];
    let pause: PacingPause | undefined;
    for (const name of await this.#files()) {
      const entries = await this.#entries(name);
      const ages = entries.map((entry) => this.#ageOf(entry));
      const isOver = entries.every((entry, index) => (ages[index] ?? 0) >= memoryMs + pauseOf(entry));
      if (isOver && name !== this.#current()) {
        await rm(join(this.#folder, name), { force: true });
        this.#read.delete(name);
        continue;
      }
      const known = this.#read.get(name) ?? 0;
      const own = entries.findIndex(({ by, number }) => by === this.#id && number === ownNumber);
      const end = own < 0 ? entries.length : own;
      this.#read.set(name, end);
      for (const [index, entry] of entries.slice(0, end).entries()) {
        if (index < known || entry.by === this.#id) continue;
        const at = clock.elapsed() - (ages[index] ?? 0);
        if ('pauseMs' in entry) pause = laterOf(pause, { until: at + entry.pauseMs, lengthMs: entry.pauseMs });
        else starts.push({ kind: 'small', key: entry.key, instrument: entry.instrument, weight: entry.weight, at });
      }
      if (own >= 0) break;
    }
    starts.sort((a, b) => a.at - b.at);
    return pause === undefined ? { starts } : { starts, pause };
  }

  /** @returns the number of the entry. */
  async #append(
    content: Omit<z.infer<typeof startEntry>, Stamp> | Omit<z.infer<typeof pauseEntry>, Stamp>,
  ): Promise<number> {
    const { clock, uptimeMs } = this.#options;
    const number = (this.#lastNumber += 1);
    const entry: Entry = { by: this.#id, number, at: clock.now(), up: Math.round(uptimeMs()), ...content };
    const isNew = (await mkdir(this.#folder, { recursive: true })) !== undefined;
    const file = await open(join(this.#folder, this.#current()), 'a', 0o600);
    try {
      const isFirst = (await file.stat()).size === 0;
      // Behind a line that was torn by a crash, a line of its own.
      await file.appendFile(`\n${JSON.stringify(entry)}\n`);
      await file.datasync();
      if (isFirst) await syncFolder(this.#folder);
      if (isNew) await syncFolder(this.#options.folder);
    } finally {
      await file.close();
    }
    return number;
  }

  #current(): string {
    return `${Math.floor(this.#options.clock.now() / this.#options.memoryMs)}.jsonl`;
  }

  /** Oldest first. */
  async #files(): Promise<string[]> {
    try {
      const names = await readdir(this.#folder);
      const files = names.filter((name) => /^-?\d+\.jsonl$/.test(name));
      return files.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    }
  }

  /** None of a file that another program has found to be over, and removed, since the folder was read. */
  async #entries(name: string): Promise<Entry[]> {
    try {
      const lines = (await readFile(join(this.#folder, name), 'utf8')).split('\n');
      return lines.flatMap((line) => entryOf(line) ?? []);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    }
  }

  #ageOf({ at, up }: Entry): number {
    const { clock, uptimeMs } = this.#options;
    return ageOf({ wall: clock.now() - at, uptime: uptimeMs() - up });
  }

  /** One act after the other: what one of them is told, another one is not. */
  async #inTurn<T>(verb: 'read' | 'write', act: () => Promise<T>): Promise<T> {
    const acted = this.#acting.then(act);
    this.#acting = acted.catch(() => {});
    try {
      return await acted;
    } catch (error) {
      const code = systemCode(error);
      if (code === undefined) throw error;
      throw new KtrdrError(
        'failed_precondition',
        `The journal of requests to IB in ${this.#folder} cannot be ${verb === 'read' ? 'read' : 'written'} (${code}), so IB's limits could not be kept. Check the disk's space and permissions, then try again.`,
        { cause: error, details: { systemCode: code } },
      );
    }
  }
}

/**
 * How long ago something was written, in milliseconds, from the difference of two clocks that may mislead: the wall clock
 * can be set, and the uptime begins anew with the computer. Neither makes a start younger than new. Pure.
 */
export function ageOf({ wall, uptime: up }: { wall: number; uptime: number }): number {
  // The computer was restarted since: only the wall clock knows.
  if (up < 0) return Math.max(0, wall);
  return wall < 0 ? up : Math.min(wall, up);
}

/** A pause counts for as long as it lasts, and from then on as a start does, so that the next one is longer. */
function pauseOf(entry: Entry): number {
  return 'pauseMs' in entry ? entry.pauseMs : 0;
}

function entryOf(line: string): Entry | undefined {
  if (line === '') return undefined;
  try {
    return entrySchema.safeParse(JSON.parse(line)).data;
  } catch {
    // Torn by a crash before it was written whole, so its request was never sent.
    return undefined;
  }
}
