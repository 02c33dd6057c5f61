import { fitted, textWidth } from './text-width.ts';
import { textFor } from '../terminal.ts';

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** The lines to draw on a terminal of a size. Those that are too long are cut; the first ones are left out where there are too many. */
export type Picture = (size: TerminalSize) => readonly string[];

/**
 * The lines at the end of a terminal that are drawn over. Between two drawings the cursor rests at the beginning of the
 * last one. A terminal that becomes narrower breaks the lines above it, as all that people use today do, and these are
 * counted as it shows them by then.
 */
export class LiveArea implements Disposable {
  readonly #stream: NodeJS.WriteStream;
  #picture: Picture = () => [];
  /** How many cells each line took that is drawn. */
  #drawn: readonly number[] = [];
  #isAway = false;
  readonly #onResize = (): void => this.#draw();
  readonly #onExit = (): void => this.leave();

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    stream.on('resize', this.#onResize);
    process.on('exit', this.#onExit);
  }

  draw(picture: Picture): void {
    this.#picture = picture;
    this.#draw();
  }

  /** Writes a line that stays, above the area. */
  above(text: string): void {
    const line = textFor(this.#stream, fitted(text, Infinity));
    this.#stream.write(`${this.#erasure()}${line}\n`);
    this.#draw();
  }

  /** Lets somebody else have the terminal: what is drawn stays, the cursor goes below it, and nothing more is drawn. */
  leave(): void {
    this.#isAway = true;
    if (this.#drawn.length > 0) this.#stream.write('\n');
    this.#drawn = [];
  }

  /** Draws it again, after `leave`. */
  comeBack(): void {
    this.#isAway = false;
    this.#draw();
  }

  /** Takes away what is drawn. */
  [Symbol.dispose](): void {
    this.#stream.off('resize', this.#onResize);
    process.off('exit', this.#onExit);
    this.#stream.write(this.#erasure());
    this.#picture = () => [];
  }

  #draw(): void {
    if (this.#isAway) return;
    const size = sizeOf(this.#stream);
    // The last column stays free: some terminals break a line that fills it.
    const lines = this.#picture(size)
      .slice(-Math.max(1, size.rows - 1))
      .map((line) => fitted(line, size.columns - 1));
    if (lines.length === 0) return;
    this.#stream.write(`${this.#erasure()}${textFor(this.#stream, lines.join('\n'))}\r`);
    this.#drawn = lines.map(textWidth);
  }

  /** What takes away everything that is drawn, and leaves the cursor where it began. */
  #erasure(): string {
    if (this.#drawn.length === 0) return '';
    const { columns } = sizeOf(this.#stream);
    const rows = this.#drawn.slice(0, -1).reduce((sum, cells) => sum + Math.max(1, Math.ceil(cells / columns)), 0);
    this.#drawn = [];
    return `\r${rows > 0 ? `\x1B[${rows}A` : ''}\x1B[J`;
  }
}

/** A terminal may not know its size. */
function sizeOf({ columns, rows }: NodeJS.WriteStream): TerminalSize {
  return { columns: columns || 80, rows: rows || 24 };
}
