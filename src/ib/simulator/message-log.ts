import type { Field } from './framing.ts';

/** One frame that crossed the wire, for assertions and for looking at afterwards. */
export interface LoggedMessage {
  /** Epoch milliseconds by the simulator's clock. */
  readonly at: number;
  /** Number of the connection, counted from 1. */
  readonly connection: number;
  readonly direction: 'received' | 'sent';
  /** The message id, or `greeting` for the exchange before the first message. */
  readonly id: number | 'greeting';
  /** All fields after the id of a small message, the first of a big one. */
  readonly fields: readonly string[];
  readonly fieldCount: number;
}

const maxMessages = 10_000;
const maxFields = 64;

/** The latest frames of all connections, oldest first; older ones are forgotten. */
export class MessageLog {
  readonly #messages: LoggedMessage[] = [];

  add(message: Omit<LoggedMessage, 'id' | 'fields' | 'fieldCount'>, fields: readonly Field[]): void {
    this.#add({ ...message, id: Number(fields[0]), ...shorten(fields.slice(1, maxFields + 1), fields.length - 1) });
  }

  addGreeting(message: Omit<LoggedMessage, 'id' | 'fields' | 'fieldCount'>, fields: readonly Field[]): void {
    this.#add({ ...message, id: 'greeting', ...shorten(fields, fields.length) });
  }

  get messages(): readonly LoggedMessage[] {
    return this.#messages.slice(-maxMessages);
  }

  /** Cuts in strides, so that a full log does not move ten thousand entries for every message. */
  #add(message: LoggedMessage): void {
    this.#messages.push(message);
    if (this.#messages.length >= 2 * maxMessages) this.#messages.splice(0, maxMessages);
  }
}

function shorten(fields: readonly Field[], fieldCount: number): Pick<LoggedMessage, 'fields' | 'fieldCount'> {
  return { fields: fields.map(String), fieldCount };
}
