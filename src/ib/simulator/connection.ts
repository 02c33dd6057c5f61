import type { Socket } from 'node:net';
import type { Clock } from '../../async/index.ts';
import { KtrdrError, type Logger } from '../../base/index.ts';
import type { FaultBoard, FaultTarget } from './faults/fault-board.ts';
import { encodeFrame, FrameReader, splitFields, type Field } from './protocol/framing.ts';
import type { LoggedFields, MessageLog } from './message-log.ts';
import { Outbox, type Pace } from './protocol/outbox.ts';
import { greetingTime } from './protocol/wire-time.ts';

export interface ConnectionOptions {
  /** Counted from 1. */
  readonly number: number;
  /** The highest version the gateway speaks. */
  readonly serverVersion: number;
  readonly now: () => number;
  readonly timers: Pick<Clock, 'after'>;
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
  /** The client's own number; undefined until it has started its session. */
  clientId: number | undefined;
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #reader = new FrameReader();
  readonly #outbox: Outbox;
  /** Messages received and not yet taken up. */
  #inbox: Buffer[] = [];
  #working = false;
  /** How many big answers are being made; meanwhile nothing more is taken up. */
  #held = 0;
  #ending = false;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.number = options.number;
    this.#socket = socket.setNoDelay(true);
    this.#options = options;
    this.#outbox = new Outbox(socket, {
      pace: () => this.#pace,
      timers: options.timers,
      onEmpty: () => (this.#ending ? socket.destroySoon() : this.#work()),
    });
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('end', () => this.close());
    socket.on('error', (error) =>
      options.log.debug('connection broke', { connection: this.number, error: error.message }),
    );
    socket.on('close', () => {
      this.#outbox[Symbol.dispose]();
      options.onClosed(this);
    });
  }

  /** For faults that concern this connection alone. */
  get target(): FaultTarget {
    return { connection: this.number, client: this.clientId };
  }

  send(fields: readonly Field[]): void {
    this.sendFrame({ fields, fieldCount: fields.length }, [encodeFrame(fields)]);
  }

  /** Sends a frame that is there already, in pieces; the log gets to know its beginning. */
  sendFrame(logged: LoggedFields, frame: readonly Buffer[]): void {
    if (this.#deaf) return;
    this.#log('sent', logged);
    this.#outbox.add(...frame);
  }

  /** Sends bytes that are no message. */
  sendRaw(bytes: Buffer): void {
    if (!this.#deaf) this.#outbox.add(bytes);
  }

  /** Goes on sending what is on its way, where a fault held it up. */
  resume(): void {
    this.#outbox.flush();
  }

  closeWhenSent(): void {
    this.#ending = true;
    this.#outbox.flush();
  }

  close(): void {
    this.#ending = true;
    this.#socket.destroy();
  }

  /** Takes up no more messages until the result is disposed: so that answers that take long to make do not pile up. */
  hold(): Disposable {
    this.#held += 1;
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#held -= 1;
        this.#work();
      },
    };
  }

  get #deaf(): boolean {
    return this.#ending || this.#options.faults.has('silence', this.target);
  }

  get #pace(): Pace {
    const { faults } = this.#options;
    if (faults.has('silence', this.target)) return 'none';
    const trickle = faults.find('trickle', this.target);
    if (trickle !== undefined) return { bytesPerSecond: trickle.bytesPerSecond };
    return faults.has('split_frames', this.target) ? 'bytes' : 'whole';
  }

  #receive(chunk: Buffer): void {
    this.#orRefuse(() => this.#inbox.push(...this.#reader.push(chunk)));
    this.#work();
  }

  /** Takes up messages while their answers find room; an empty outbox comes back here. */
  #work(): void {
    if (this.#working) return;
    this.#working = true;
    while (!this.#ending && this.#held === 0 && this.#outbox.waitingBytes <= mostWaitingBytes) {
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
    this.#outbox.add(encodeFrame(greeting));
  }

  #take(fields: readonly string[]): void {
    this.#log('received', { fields, fieldCount: fields.length });
    this.#options.onMessage(fields, this);
  }

  #log(direction: 'received' | 'sent', fields: LoggedFields): void {
    this.#options.messages.add({ at: this.#options.now(), connection: this.number, direction }, fields);
  }
}
