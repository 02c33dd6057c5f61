/**
 * The decoder's input, with the few members of an array that it uses. An array that is consumed from the front moves
 * all its content at every `shift` once it is large, which makes an answer of 10,000 bars block the event loop for
 * seconds; this queue moves a read position.
 */
export class TokenQueue {
  #tokens: (string | undefined)[] = [];
  #next = 0;

  get length(): number {
    return this.#tokens.length - this.#next;
  }

  /** The front; `undefined` marks the border between two messages, and so does the end. */
  get 0(): string | undefined {
    return this.#tokens[this.#next];
  }

  push(token: string | undefined): number {
    this.#tokens.push(token);
    return this.length;
  }

  /** Appends in place: the decoder always assigns the answer to where the queue was. */
  concat(tokens: readonly (string | undefined)[]): this {
    for (const token of tokens) this.#tokens.push(token);
    return this;
  }

  shift(): string | undefined {
    const token = this.#tokens[this.#next];
    this.#next = Math.min(this.#next + 1, this.#tokens.length);
    if (this.#next === this.#tokens.length) {
      this.#tokens = [];
      this.#next = 0;
    }
    return token;
  }

  /** The decoder quotes its queue in an error message. */
  toJSON(): string {
    return `${this.length} tokens, first "${String(this[0]).slice(0, 40)}"`;
  }
}
