import { isTerminal, type Operation } from '../../../operations/index.ts';
import type { Display } from './display.ts';
import { Keys } from './keys.ts';
import { LiveArea, type TerminalSize } from './live-area.ts';
import { closingWithoutCause, drawnLine } from './progress-lines.ts';
import { progressView } from './progress-view.ts';
import { colours } from '../terminal.ts';

/** With fewer rows there is room for the work, and for nothing about it. */
const leastRowsForHint = 3;

interface TerminalDisplayOptions {
  readonly stream: NodeJS.WriteStream;
  /** Whether keys can be pressed. */
  readonly hasKeys: boolean;
  /** Which keys do what, in one line that is shown while there is nothing else to say. */
  readonly hint: string;
  readonly keys: Readonly<Record<string, () => void>>;
}

/**
 * Shows long work on a terminal: a line that is drawn over for each child that is at work, one for the whole below them,
 * and one with what there is to say. A child that has ended leaves a line of its own above them.
 */
export class TerminalDisplay implements Display {
  readonly #area: LiveArea;
  readonly #hint: string;
  readonly #keys: Keys;
  readonly #children = new Map<string, Operation>();
  readonly #ended = new Set<string>();
  #whole: Operation | undefined;
  #said = '';
  /** How wide the bar of each may be in so many columns. */
  readonly #widest = new Map<string, number>();
  #columns = 0;

  constructor({ stream, hasKeys, hint, keys }: TerminalDisplayOptions) {
    this.#area = new LiveArea(stream);
    this.#hint = hint;
    this.#keys = new Keys({
      hasKeys,
      keys,
      onLeave: () => this.#area.leave(),
      onReturn: () => this.#area.comeBack(),
    });
  }

  show(operation: Operation): void {
    this.#whole = operation;
    this.#draw();
  }

  readonly showChild = (child: Operation): void => {
    if (this.#ended.has(child.id)) return;
    if (isTerminal(child.status)) {
      this.#children.delete(child.id);
      this.#widest.delete(child.id);
      this.#ended.add(child.id);
      this.#area.above(closingWithoutCause(child));
    } else this.#children.set(child.id, child);
    this.#draw();
  };

  say(words: string): void {
    this.#said = words;
    this.#draw();
  }

  end(line: string): void {
    this.#whole = undefined;
    this.#children.clear();
    this.#area.above(line);
  }

  [Symbol.dispose](): void {
    this.#area[Symbol.dispose]();
    this.#keys[Symbol.dispose]();
  }

  #draw(): void {
    this.#area.draw((size) => this.#picture(size));
  }

  #picture({ columns, rows }: TerminalSize): string[] {
    if (this.#whole === undefined) return [];
    if (columns !== this.#columns) this.#widest.clear();
    this.#columns = columns;
    const below = [this.#line(this.#whole)];
    if (this.#said !== '') below.push(colours.yellow(this.#said));
    else if (rows > leastRowsForHint) below.push(colours.dim(this.#hint));
    const room = Math.max(0, rows - 1 - below.length);
    const children = [...this.#children.values()];
    const lines = children.slice(0, children.length > room ? room - 1 : room).map((child) => this.#line(child));
    const more = children.length - lines.length;
    if (more > 0 && room > 0) lines.push(colours.dim(`and ${more} more`));
    return [...lines, ...below];
  }

  #line(operation: Operation): string {
    const size = { columns: this.#columns, widest: this.#widest.get(operation.id) };
    const { line, widest } = drawnLine(progressView(operation), size);
    this.#widest.set(operation.id, widest);
    return line;
  }
}
