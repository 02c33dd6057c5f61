import type { Socket } from 'node:net';
import type { Clock } from '../../../async/index.ts';

/** How bytes are put on the wire: as they come, each on its own, so many a second, or not at all. */
export type Pace = 'whole' | 'bytes' | 'none' | { readonly bytesPerSecond: number };

interface OutboxOptions {
  readonly pace: () => Pace;
  readonly timers: Pick<Clock, 'after'>;
  /** Everything has been handed to the socket. */
  readonly onEmpty: () => void;
}

/** What is still to be written to one socket. */
export class Outbox implements Disposable {
  readonly #socket: Socket;
  readonly #options: OutboxOptions;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #tick: Disposable | undefined;

  constructor(socket: Socket, options: OutboxOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('drain', () => this.flush());
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  add(...chunks: readonly Buffer[]): void {
    for (const chunk of chunks) {
      this.#waiting.push(chunk);
      this.#waitingBytes += chunk.length;
    }
    this.flush();
  }

  /** Writes until the socket asks to wait; its `drain` comes back here, and so must who changes a pace of `none`. */
  flush(): void {
    if (this.#tick !== undefined) return;
    while (this.#waiting.length > 0 && !this.#socket.writableNeedDrain && !this.#socket.destroyed) {
      const pace = this.#options.pace();
      if (pace === 'none') return;
      if (typeof pace === 'object') return this.#trickle(pace.bytesPerSecond);
      if (pace === 'bytes') this.#write(1);
      else this.#write(this.#waiting[0]?.length ?? 0);
    }
    if (this.#waiting.length === 0) this.#options.onEmpty();
  }

  [Symbol.dispose](): void {
    this.#tick?.[Symbol.dispose]();
  }

  #trickle(bytesPerSecond: number): void {
    const step = Math.max(1, Math.floor(bytesPerSecond / 10));
    this.#write(step);
    this.#tick = this.#options.timers.after((1000 * step) / bytesPerSecond, () => {
      this.#tick = undefined;
      this.flush();
    });
  }

  /** The next bytes, of the first chunk alone. */
  #write(count: number): void {
    const first = this.#waiting[0];
    if (first === undefined) return;
    const piece = first.subarray(0, count);
    this.#socket.write(piece);
    this.#waitingBytes -= piece.length;
    if (piece.length < first.length) this.#waiting[0] = first.subarray(count);
    else this.#waiting.shift();
  }
}
