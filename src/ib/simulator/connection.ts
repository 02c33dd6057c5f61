import type { Socket } from 'node:net';
import { KtrdrError, type Logger } from '../../base/index.ts';
import type { FaultBoard } from './faults.ts';
import { encodeFrame, FrameReader, splitFields, type Field } from './framing.ts';
import type { MessageLog } from './message-log.ts';
import { greetingTime } from './wire-time.ts';

export interface ConnectionOptions {
  /** Counted from 1. */
  readonly number: number;
  /** The highest version the gateway speaks. */
  readonly serverVersion: number;
  readonly now: () => number;
  readonly faults: FaultBoard;
  readonly messages: MessageLog;
  readonly log: Logger;
  readonly onMessage: (fields: readonly string[], connection: Connection) => void;
  readonly onClosed: (connection: Connection) => void;
}

/** The oldest protocol version that the gateway speaks. */
export const oldestVersion = 157;

/** Messages stay unread while this much waits to be sent, so that a client that asks and never listens fills no memory. */
const mostWaitingBytes = 16 << 20;

/** One client's socket: the greeting, frames in both directions, and their way around slow readers and faults. */
export class Connection {
  readonly number: number;
  /** The version agreed on; 0 before the greeting. */
  version = 0;
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #reader = new FrameReader();
  /** Messages received and not yet taken up. */
  #inbox: Buffer[] = [];
  #working = false;
  /** What is still to be written. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #ending = false;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.number = options.number;
    this.#socket = socket.setNoDelay(true);
    this.#options = options;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('drain', () => this.#flush());
    socket.on('end', () => this.close());
    socket.on('error', (error) =>
      options.log.debug('connection broke', { connection: this.number, error: error.message }),
    );
    socket.on('close', () => options.onClosed(this));
  }

  send(fields: readonly Field[]): void {
    if (this.#deaf) return;
    this.#log('sent', fields);
    this.#write(encodeFrame(fields));
  }

  /** Sends one half of a message and ends the connection. */
  sendHalf(fields: readonly Field[]): void {
    if (this.#deaf) return;
    const frame = encodeFrame(fields);
    this.#write(frame.subarray(0, frame.length >> 1));
    this.closeWhenSent();
  }

  closeWhenSent(): void {
    this.#ending = true;
    this.#flush();
  }

  close(): void {
    this.#ending = true;
    this.#socket.destroy();
  }

  get #deaf(): boolean {
    return this.#ending || this.#options.faults.has('silence');
  }

  #receive(chunk: Buffer): void {
    this.#orRefuse(() => this.#inbox.push(...this.#reader.push(chunk)));
    this.#work();
  }

  /** Takes up messages while their answers find room; `#flush` comes back here when there is room again. */
  #work(): void {
    if (this.#working) return;
    this.#working = true;
    while (!this.#ending && this.#waitingBytes <= mostWaitingBytes) {
      const payload = this.#inbox.shift();
      if (payload === undefined) break;
      this.#orRefuse(() => {
        if (this.version === 0) this.#greet(payload.toString('latin1'));
        else this.#take(splitFields(payload));
      });
    }
    this.#working = false;
    if (this.#inbox.length > 0) this.#socket.pause();
    else this.#socket.resume();
  }

  #orRefuse(step: () => void): void {
    try {
      step();
    } catch (error) {
      const { message, code } = KtrdrError.from(error);
      const fields = { connection: this.number, reason: message };
      if (code === 'invalid_input') this.#options.log.warn('client refused', fields);
      else this.#options.log.error('client dropped after a fault of the gateway', fields);
      this.close();
    }
  }

  /** `v100..193`, `v178`, either with options behind a blank. */
  #greet(text: string): void {
    const { messages, now, number, serverVersion } = this.#options;
    const at = now();
    messages.addGreeting({ at, connection: number, direction: 'received' }, [text]);
    const [, low, high = low] = /^v(\d{1,6})(?:\.\.(\d{1,6}))?(?: .*)?$/s.exec(text) ?? [];
    const agreed = Math.min(Number(high), serverVersion);
    if (low === undefined || agreed < Math.max(oldestVersion, Number(low))) {
      throw new KtrdrError(
        'invalid_input',
        `A client offers the versions "${text.slice(0, 40)}"; this gateway speaks ${oldestVersion} to ${serverVersion}.`,
      );
    }
    this.version = agreed;
    if (this.#deaf) return;
    const greeting = [agreed, greetingTime(at)];
    messages.addGreeting({ at, connection: number, direction: 'sent' }, greeting);
    this.#write(encodeFrame(greeting));
  }

  #take(fields: readonly string[]): void {
    this.#log('received', fields);
    this.#options.onMessage(fields, this);
  }

  #log(direction: 'received' | 'sent', fields: readonly Field[]): void {
    this.#options.messages.add({ at: this.#options.now(), connection: this.number, direction }, fields);
  }

  #write(frame: Buffer): void {
    if (this.#options.faults.has('split_frames')) {
      for (let index = 0; index < frame.length; index += 1) this.#waiting.push(frame.subarray(index, index + 1));
    } else {
      this.#waiting.push(frame);
    }
    this.#waitingBytes += frame.length;
    this.#flush();
  }

  /** Writes until the socket asks to wait; its `drain` comes back here. */
  #flush(): void {
    if (this.#socket.destroyed) return;
    let sent = 0;
    while (sent < this.#waiting.length && !this.#socket.writableNeedDrain) {
      const piece = this.#waiting[sent];
      if (piece !== undefined) {
        this.#socket.write(piece);
        this.#waitingBytes -= piece.length;
      }
      sent += 1;
    }
    this.#waiting = this.#waiting.slice(sent);
    if (this.#waiting.length > 0) return;
    if (this.#ending) this.#socket.destroySoon();
    else this.#work();
  }
}
