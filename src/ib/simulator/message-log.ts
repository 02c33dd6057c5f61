import type { Field } from './protocol/framing.ts';
import { nameMessage } from './protocol/message-names.ts';

/** One frame that crossed the wire, for assertions and for looking at afterwards. */
export interface LoggedMessage {
  /** Counted from 1 over all connections. */
  readonly sequence: number;
  /** Epoch milliseconds by the simulator's clock. */
  readonly at: number;
  /** Number of the connection, counted from 1. */
  readonly connection: number;
  readonly direction: 'received' | 'sent';
  /** The message id, or `greeting` for the exchange before the first message. */
  readonly id: number | 'greeting';
  /** What the protocol calls it, for example `REQ_HISTORICAL_DATA`; `UNKNOWN` for what is not of the protocol's known part. */
  readonly name: string;
  /** All fields after the id of a small message, the first of a big one. */
  readonly fields: readonly string[];
  readonly fieldCount: number;
}

type Origin = Pick<LoggedMessage, 'at' | 'connection' | 'direction'>;

/** A frame as far as it is known when it is logged: a big one is not kept. */
export interface LoggedFields {
  readonly fields: readonly Field[];
  readonly fieldCount: number;
}

const maxMessages = 10_000;
export const maxLoggedFields = 64;

/** The latest frames of all connections, oldest first; older ones are forgotten. */
export class MessageLog {
  readonly #messages: LoggedMessage[] = [];
  readonly #listeners = new Set<(message: LoggedMessage) => void>();
  #last = 0;

  add(origin: Origin, { fields, fieldCount }: LoggedFields): void {
    const id = Number(fields[0]);
    const rest = fields.slice(1, maxLoggedFields + 1).map(String);
    this.#add({ ...origin, id, name: nameMessage(origin.direction, id), fields: rest, fieldCount: fieldCount - 1 });
  }

  addGreeting(origin: Origin, fields: readonly Field[]): void {
    const { length } = fields;
    this.#add({ ...origin, id: 'greeting', name: 'GREETING', fields: fields.map(String), fieldCount: length });
  }

  get messages(): readonly LoggedMessage[] {
    return this.#messages.slice(-maxMessages);
  }

  /** Those behind a sequence number, oldest first. Disposing the result of `listen` ends the listening. */
  after(sequence: number, limit: number): LoggedMessage[] {
    const first = this.#messages[0]?.sequence ?? 1;
    const from = Math.max(0, sequence + 1 - first);
    return this.#messages.slice(from, from + limit);
  }

  listen(listener: (message: LoggedMessage) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Cuts in strides, so that a full log does not move ten thousand entries for every message. */
  #add(message: Omit<LoggedMessage, 'sequence'>): void {
    this.#last += 1;
    const logged = { sequence: this.#last, ...message };
    this.#messages.push(logged);
    if (this.#messages.length >= 2 * maxMessages) this.#messages.splice(0, maxMessages);
    for (const listener of this.#listeners) listener(logged);
  }
}
