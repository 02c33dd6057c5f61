import type { Clock } from '../../../async/index.ts';
import { isTerminal, type Operation } from '../../../operations/index.ts';
import type { Display } from './display.ts';
import { closingWithoutCause, plainLine } from './progress-lines.ts';
import { progressView } from './progress-view.ts';
import { textFor } from '../terminal.ts';
import { fitted } from './text-width.ts';

/** Numbers move with every batch and would flood a log, the more so the longer it takes. */
const leastSpacingMs = 1_000;
const mostSpacingMs = 30_000;
/** A line for each tenth of the time that it takes so far. */
const spacing = 0.1;

interface Told {
  message: string;
  at: number;
}

/** Shows long work, and each child of it, as lines with time between them, where nothing can be drawn over. */
export class PlainDisplay implements Display {
  readonly #stream: NodeJS.WriteStream;
  readonly #clock: Clock;
  readonly #begunAt: number;
  readonly #told = new Map<string, Told>();
  readonly #ended = new Set<string>();
  #hasChildren = false;
  #said = '';

  constructor(stream: NodeJS.WriteStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
    this.#begunAt = clock.elapsed();
  }

  show(operation: Operation): void {
    // What moves the whole is a child, which has lines of its own.
    if (!this.#hasChildren) this.#tell(operation);
  }

  readonly showChild = (child: Operation): void => {
    this.#hasChildren = true;
    if (!isTerminal(child.status)) this.#tell(child);
    else if (!this.#ended.has(child.id)) {
      this.#ended.add(child.id);
      this.#write(closingWithoutCause(child));
    }
  };

  say(words: string): void {
    if (words !== '' && words !== this.#said) this.#write(words);
    this.#said = words;
  }

  end(line: string): void {
    this.#write(line);
  }

  [Symbol.dispose](): void {}

  #tell(operation: Operation): void {
    const { id, message } = operation;
    const now = this.#clock.elapsed();
    const last = this.#told.get(id);
    const spacingMs = Math.min(mostSpacingMs, Math.max(leastSpacingMs, (now - this.#begunAt) * spacing));
    if (last?.message === message || (last !== undefined && now - last.at < spacingMs)) return;
    this.#told.set(id, { message, at: now });
    this.#write(plainLine(progressView(operation)));
  }

  #write(line: string): void {
    this.#stream.write(`${textFor(this.#stream, fitted(line, Infinity))}\n`);
  }
}
