import { join } from 'node:path';
import type { TimeRange } from '../../market/index.ts';
import { identityOf, readFolder, sweepFiles, syncNames } from './durable-file.ts';
import { isOfGeneration, logName, manifestName } from './file-names.ts';
import { readHead, type SeriesHead } from './series-head.ts';
import type { SeriesPlace } from './series-place.ts';

const mostHeads = 64;

/**
 * Remembers, for the one who writes, what series are made of, so that an append need not read it again. What it
 * remembers counts only while manifest and log are still the files they were.
 */
export class HeadCache {
  readonly #heads = new Map<string, { head: SeriesHead; identity: string }>();

  /** As `readHead`. */
  async load(place: SeriesPlace, givenUp?: TimeRange): Promise<SeriesHead | undefined> {
    const known = this.#heads.get(place.folder);
    if (known !== undefined && known.identity === (await identity(place, known.head))) return known.head;
    const head = await readHead(place, givenUp);
    await sweep(place, head);
    return head;
  }

  async keep(place: SeriesPlace, head: SeriesHead): Promise<void> {
    this.forget(place);
    this.#heads.set(place.folder, { head, identity: await identity(place, head) });
    for (const folder of this.#heads.keys()) {
      if (this.#heads.size <= mostHeads) break;
      this.#heads.delete(folder);
    }
  }

  forget({ folder }: SeriesPlace): void {
    this.#heads.delete(folder);
  }
}

async function identity({ folder }: SeriesPlace, { log }: SeriesHead): Promise<string> {
  const files = [manifestName, logName(log.generation)].map((name) => identityOf(join(folder, name)));
  return (await Promise.all(files)).join('; ');
}

/** Removes what saves that were cut short left behind: files that the manifest does not name. */
async function sweep({ folder, key }: SeriesPlace, head: SeriesHead | undefined): Promise<void> {
  // Without a manifest on the disk every file may be the last of its bars.
  if (head !== undefined && !head.isSaved) return;
  const { files = {}, ledger } = head?.manifest ?? {};
  const named = new Set([...Object.values(files).map(({ name }) => name), ledger?.name]);
  if (head !== undefined) named.add(logName(head.log.generation));
  const left = (await readFolder(folder)).filter((name) => isOfGeneration(key.timeframe, name) && !named.has(name));
  if (left.length === 0) return;
  // The manifest that does not name them must be the one that a loss of power leaves, too.
  await syncNames(folder);
  await sweepFiles(folder, left);
}
