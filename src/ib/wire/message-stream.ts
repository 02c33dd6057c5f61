import { KtrdrError } from '../../base/index.ts';
import { HistoryDecoder, type HistoryAnswer } from './history-decoder.ts';

interface MessageStreamOptions {
  /** Known once the greeting has been handed on. */
  readonly serverVersion: () => number;
  readonly onHistory: (answer: HistoryAnswer) => void;
  /** Any other message, its fields each ended by NUL. */
  readonly onMessage: (text: string) => void;
}

const prefixBytes = 4;
const historyPrefix = Buffer.from('17\0');

/** Far above any message of a gateway: what announces more is no gateway, or is out of step. */
const longestMessage = 64 << 20;

/** Cuts what a gateway sends into messages. The only long ones, history answers, are decoded while they come in. */
export class MessageStream {
  readonly #options: MessageStreamOptions;
  #rest: Buffer = Buffer.alloc(0);
  #history: { readonly decoder: HistoryDecoder; bytesLeft: number } | undefined;
  #hasGreeting = false;
  #taken = 0;

  constructor(options: MessageStreamOptions) {
    this.#options = options;
  }

  /** True from the first to the last byte of a message. */
  get isInside(): boolean {
    return this.#history !== undefined || this.#rest.length > 0;
  }

  /** How many messages have come in whole. */
  get taken(): number {
    return this.#taken;
  }

  /** @throws KtrdrError `data_corrupt` for a length that no message has. */
  push(chunk: Buffer): void {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let taken = -1; taken !== 0; data = data.subarray(taken)) {
      taken = this.#history === undefined ? this.#takeMessage(data) : this.#takeHistory(this.#history, data);
    }
    // A copy, which does not keep the whole chunk in memory.
    this.#rest = data.length === 0 ? data : Buffer.from(data);
  }

  #takeHistory(history: { readonly decoder: HistoryDecoder; bytesLeft: number }, data: Buffer): number {
    const part = data.subarray(0, history.bytesLeft);
    history.decoder.push(part);
    history.bytesLeft -= part.length;
    if (history.bytesLeft === 0) {
      this.#history = undefined;
      this.#taken += 1;
      this.#options.onHistory(history.decoder.finish());
    }
    return part.length;
  }

  /** How many bytes were taken: none until there are enough. */
  #takeMessage(data: Buffer): number {
    if (data.length < prefixBytes) return 0;
    const length = data.readUInt32BE();
    if (length > longestMessage) {
      throw new KtrdrError(
        'data_corrupt',
        `A message announces ${length} bytes; no message of a gateway is that long.`,
      );
    }
    const payload = data.subarray(prefixBytes, prefixBytes + length);
    const isWhole = payload.length === length;
    if (!isWhole && payload.length < historyPrefix.length) return 0;
    if (this.#hasGreeting && payload.subarray(0, historyPrefix.length).equals(historyPrefix)) {
      const decoder = new HistoryDecoder({ serverVersion: this.#options.serverVersion(), messageBytes: length });
      this.#history = { decoder, bytesLeft: length };
      return prefixBytes;
    }
    if (!isWhole) return 0;
    this.#hasGreeting = true;
    this.#taken += 1;
    this.#options.onMessage(payload.toString('utf8'));
    return prefixBytes + length;
  }
}
