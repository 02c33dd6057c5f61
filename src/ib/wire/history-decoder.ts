import { allocateIbBars, noIbBars, resizedIbBars, type IbBars } from './ib-bars.ts';

/** A history answer as it left the wire. */
export interface HistoryAnswer {
  readonly reqId: number;
  readonly bars: IbBars;
  /** What is wrong with it, in words; its bars must not be used then. */
  readonly fault?: string;
  /**
   * How many bars came beyond those announced, as gateways are known to send them. They are bars like the others: one that
   * was left out would look as if it did not exist.
   */
  readonly surplus: number;
}

const nul = 0;
const minus = 45;
const point = 46;
const zero = 48;
const nine = 57;

/** Integers of so many digits are exact, and so is their division by a power of ten: the nearest double comes out. */
const exactDigits = 15;
const powersOfTen = Float64Array.from({ length: exactDigits + 1 }, (_, exponent) => 10 ** exponent);

/** For the first bars beyond those announced. */
const surplusRoom = 8;

/** Eight fields, none of them shorter than its closing NUL. */
const shortestBarBytes = 8;

/** From this version on, the span of the answer comes in a message of its own. */
const spanLeftOut = 196;

/**
 * Decodes one HISTORICAL_DATA message while its bytes come in, straight into columns: `17, reqId, [start, end], n`, then
 * n times `date, open, high, low, close, volume, wap, count`. The library's own decoder keeps an answer of 100,000 bars as
 * 800,000 texts and holds up the event loop for a second with them; here each chunk costs a fraction of a millisecond.
 */
export class HistoryDecoder {
  readonly #messageBytes: number;
  readonly #headFields: number;
  /** The begin of a field that the next chunk goes on with. */
  #carry: Uint8Array = new Uint8Array();
  readonly #head: string[] = [];
  #bars: IbBars = noIbBars;
  #announced = 0;
  #decoded = 0;
  #fault: string | undefined;
  #bytes: Uint8Array = new Uint8Array();
  #at = 0;

  constructor({ serverVersion, messageBytes }: { serverVersion: number; messageBytes: number }) {
    this.#messageBytes = messageBytes;
    this.#headFields = serverVersion < spanLeftOut ? 5 : 3;
  }

  /** The next bytes of the message's payload. */
  push(chunk: Uint8Array): void {
    const bytes = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk]);
    const end = bytes.lastIndexOf(nul) + 1;
    this.#bytes = bytes;
    this.#at = 0;
    while (this.#at < end && this.#head.length < this.#headFields) this.#readHead();
    if (this.#head.length === this.#headFields) this.#readBars(end);
    this.#carry = bytes.slice(this.#at);
  }

  /** The answer, once the last byte has been pushed. */
  finish(): HistoryAnswer {
    const isWhole = this.#decoded >= this.#announced && this.#carry.length === 0;
    const fault = this.#fault ?? (isWhole ? undefined : `it announced ${this.#announced} bars and sent ${this.#sent}`);
    return {
      reqId: Number(this.#head[1] ?? Number.NaN),
      bars: resizedIbBars(this.#bars, this.#decoded),
      surplus: Math.max(0, this.#decoded - this.#announced),
      ...(fault === undefined ? {} : { fault }),
    };
  }

  #readHead(): void {
    this.#head.push(this.#text());
    if (this.#head.length < this.#headFields) return;
    const count = Number(this.#head.at(-1));
    if (Number.isInteger(count) && count >= 0 && count * shortestBarBytes <= this.#messageBytes) {
      this.#announced = count;
      this.#bars = allocateIbBars(count);
    } else {
      this.#fault = `it announced "${String(this.#head.at(-1)).slice(0, 20)}" bars`;
    }
  }

  #readBars(end: number): void {
    while (this.#at < end) {
      if (!this.#readBar(end)) break;
    }
  }

  /** False when the bytes end inside the bar. */
  #readBar(end: number): boolean {
    const from = this.#at;
    if (this.#decoded === this.#bars.length) this.#bars = resizedIbBars(this.#bars, 2 * this.#decoded + surplusRoom);
    const { time, open, high, low, close, volume } = this.#bars;
    const index = this.#decoded;
    time[index] = this.#number();
    open[index] = this.#number();
    high[index] = this.#number();
    low[index] = this.#number();
    close[index] = this.#number();
    const shares = this.#number();
    volume[index] = shares === -1 ? Number.NaN : shares;
    this.#skip();
    this.#skip();
    if (this.#at > end) {
      this.#at = from;
      return false;
    }
    if (Number.isNaN(time[index])) this.#fault ??= `"${this.#textAt(from)}" is not a stamp of a bar`;
    this.#decoded += 1;
    return true;
  }

  get #sent(): string {
    return this.#carry.length === 0 ? `${this.#decoded}` : `${this.#decoded} and a part of one`;
  }

  /** A field that is no number, or is empty, reads as NaN. Beyond the bytes, `#at` ends up behind them. */
  #number(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    const isNegative = bytes[at] === minus;
    if (isNegative) at += 1;
    let digits = 0;
    let mantissa = 0;
    let decimals = -1;
    let byte = bytes[at];
    for (; byte !== undefined; byte = bytes[(at += 1)]) {
      if (byte >= zero && byte <= nine) {
        mantissa = mantissa * 10 + byte - zero;
        digits += 1;
        if (decimals >= 0) decimals += 1;
      } else if (byte === point && decimals < 0) {
        decimals = 0;
      } else {
        break;
      }
    }
    if (byte === nul && digits > 0 && digits <= exactDigits) {
      this.#at = at + 1;
      const magnitude = decimals > 0 ? mantissa / (powersOfTen[decimals] ?? Number.NaN) : mantissa;
      return isNegative ? -magnitude : magnitude;
    }
    const text = this.#text();
    return text.trim() === '' ? Number.NaN : Number(text);
  }

  #text(): string {
    const text = this.#textAt(this.#at);
    this.#skip();
    return text;
  }

  #textAt(from: number): string {
    const end = this.#bytes.indexOf(nul, from);
    return Buffer.from(this.#bytes.subarray(from, end < 0 ? undefined : end)).toString('latin1');
  }

  #skip(): void {
    const end = this.#bytes.indexOf(nul, this.#at);
    this.#at = end < 0 ? this.#bytes.length + 1 : end + 1;
  }
}
