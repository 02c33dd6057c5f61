import type { Ledger } from './ledger.ts';
import { isOutdated, readHead, readLedger, type SeriesHead } from './series-head.ts';
import type { SeriesPlace } from './series-place.ts';

const mostLedgers = 32;

/** Ledgers by their digests: one of the same digest has the same content for ever. */
export class LedgerCache {
  readonly #ledgers = new Map<string, Ledger>();

  /** A series and its ledger of one moment; undefined when there is no such series. */
  async readWithHead(place: SeriesPlace): Promise<{ head: SeriesHead; ledger: Ledger } | undefined> {
    for (;;) {
      const head = await readHead(place);
      if (head === undefined) return undefined;
      try {
        return { head, ledger: await this.read(place, head) };
      } catch (error) {
        // A save that replaced the manifest meanwhile took the old ledger away.
        if (!(await isOutdated(place, head))) throw error;
      }
    }
  }

  async read(place: SeriesPlace, head: SeriesHead): Promise<Ledger> {
    const { sha256 } = head.manifest.ledger ?? {};
    const known = sha256 === undefined ? undefined : this.#ledgers.get(sha256);
    if (known !== undefined) return known;
    const ledger = await readLedger(place, head);
    if (sha256 === undefined) return ledger;
    this.#ledgers.set(sha256, ledger);
    const [oldest] = this.#ledgers.keys();
    if (this.#ledgers.size > mostLedgers && oldest !== undefined) this.#ledgers.delete(oldest);
    return ledger;
  }
}
