/** A request that counts towards the strict rules: bars of 30 seconds or less, and head timestamps. */
export interface SmallRequest {
  /** The whole request as one text; identical requests have identical texts. */
  readonly identity: string;
  /** Contract, exchange and kind of data as one text. */
  readonly series: string;
  /** BID_ASK counts twice. */
  readonly weight: 1 | 2;
}

const identicalMs = 15_000;
const burst = { windowMs: 2000, most: 5 };
const total = { windowMs: 600_000, most: 60 };

/** The documented pacing rules of one account, shared by all its clients. Refused requests do not count. */
export class PacingLedger {
  #starts: (SmallRequest & { at: number })[] = [];

  /** False when the request breaks a rule. */
  admit(request: SmallRequest, now: number): boolean {
    this.#starts = this.#starts.filter(({ at }) => now - at < total.windowMs);
    const recent = (windowMs: number) => this.#starts.filter(({ at }) => now - at < windowMs);
    const broken =
      recent(identicalMs).some(({ identity }) => identity === request.identity) ||
      recent(burst.windowMs).filter(({ series }) => series === request.series).length >= burst.most ||
      this.#starts.reduce((sum, { weight }) => sum + weight, 0) + request.weight > total.most;
    if (!broken) this.#starts.push({ ...request, at: now });
    return !broken;
  }
}

const messageRate = { windowMs: 1000, most: 50, strikes: 3 };

/** Counts the messages of one connection: more than fifty in a second is a strike, the third strike ends it. */
export class MessageRate {
  #arrivals: number[] = [];
  #strikes = 0;

  /** `elapsed` is monotonic milliseconds: the rule is about the wire, whatever the gateway's clock shows. */
  admit(elapsed: number): 'ok' | 'strike' | 'out' {
    this.#arrivals = this.#arrivals.filter((at) => elapsed - at < messageRate.windowMs);
    this.#arrivals.push(elapsed);
    if (this.#arrivals.length <= messageRate.most) return 'ok';
    this.#arrivals = [];
    this.#strikes += 1;
    return this.#strikes < messageRate.strikes ? 'strike' : 'out';
  }
}
