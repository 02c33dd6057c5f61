type Farm = 'market data' | 'history' | 'definitions';

const farmNotices: Readonly<Record<number, { farm: Farm; isUp: boolean }>> = {
  2103: { farm: 'market data', isUp: false },
  2104: { farm: 'market data', isUp: true },
  2108: { farm: 'market data', isUp: true },
  2119: { farm: 'market data', isUp: true },
  2105: { farm: 'history', isUp: false },
  2106: { farm: 'history', isUp: true },
  // Asleep, and woken by the first request.
  2107: { farm: 'history', isUp: true },
  2157: { farm: 'definitions', isUp: false },
  2158: { farm: 'definitions', isUp: true },
};

/** What the gateway has told of its own connection to IB. The socket to the gateway stays up meanwhile. */
export class LinkState {
  #isLost = false;
  #since = 0;
  readonly #heard = new Set<Farm>();
  /** Names of farms that are down, each with what it serves. */
  readonly #down = new Map<string, Farm>();
  /** When what was gone was last heard to be back. */
  readonly #backAt = new Map<Farm | 'IB', number>();

  /** Takes in a notice that came at a time; true when it was about the link. */
  hear(code: number, text: string, at = 0): boolean {
    if (this.trouble === undefined) this.#since = at;
    if (code === 1100 || code === 2110) this.#isLost = true;
    if (code === 1101 || code === 1102) {
      if (this.#isLost) this.#backAt.set('IB', at);
      this.#isLost = false;
      for (const farm of new Set(this.#down.values())) this.#up(farm, at);
    }
    if (code === 1100 || code === 1101 || code === 1102 || code === 2110) return true;
    const notice = farmNotices[code];
    if (notice === undefined) return false;
    const name = /[:.]([\w.]+)$/.exec(text.trim())?.[1] ?? notice.farm;
    this.#heard.add(notice.farm);
    if (notice.isUp) this.#up(notice.farm, at);
    else this.#down.set(name, notice.farm);
    return true;
  }

  /** An answer with bars proves that some farm serves history, also when nobody has announced it. */
  historyServed(at = 0): void {
    this.#up('history', at);
  }

  /** True once each kind of farm has been spoken of, or that none can be reached: what is asked before may never be answered. */
  get isAnnounced(): boolean {
    return this.#isLost || this.#heard.size === 3;
  }

  /** True from 1100 on, or from 2110, which greets a client that comes later: IB cannot be reached at all. Otherwise a farm is down at most, and another one may serve. */
  get isCutOff(): boolean {
    return this.#isLost;
  }

  /** When the trouble began, by the time that was passed to `hear`. */
  get troubledSince(): number {
    return this.#since;
  }

  /** Why nothing can be asked now, in words; undefined when all is well. */
  get trouble(): string | undefined {
    return this.#troubleAmong([...this.#down]);
  }

  /**
   * Why what one kind of farm says to a question of some time ago cannot be believed, in words: it was out of reach in
   * between, and the answer may be of then. The others do not matter to it.
   */
  troubleWith(farm: Farm, askedAt = Infinity): string | undefined {
    const now = this.#troubleAmong([...this.#down].filter(([, served]) => served === farm));
    if (now !== undefined) return now;
    const wasAway = [this.#backAt.get('IB'), this.#backAt.get(farm)].some((at) => at !== undefined && at >= askedAt);
    return wasAway ? 'the connection to IB was broken since it was asked' : undefined;
  }

  #troubleAmong(down: readonly (readonly [name: string, farm: Farm])[]): string | undefined {
    if (this.#isLost) return 'the gateway has lost its connection to IB';
    if (down.length === 0) return undefined;
    return `IB's data farm ${down.map(([name, farm]) => `${name} (${farm})`).join(', ')} is not connected`;
  }

  /** IB moves its clients from a farm that broke to another one, and the broken one is not heard of again. */
  #up(farm: Farm, at: number): void {
    for (const [name, served] of this.#down) {
      if (served !== farm) continue;
      this.#down.delete(name);
      this.#backAt.set(farm, at);
    }
  }
}
