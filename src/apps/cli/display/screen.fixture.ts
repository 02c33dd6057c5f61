import { EventEmitter } from 'node:events';
import headless from '@xterm/headless';

/** A terminal of some size that a program can write to, and what one sees on it. */
export class Screen {
  readonly stream: NodeJS.WriteStream;
  readonly #terminal: InstanceType<typeof headless.Terminal>;

  constructor(columns: number, rows: number) {
    this.#terminal = new headless.Terminal({ cols: columns, rows, allowProposedApi: true, convertEol: true });
    // What a display uses of a stream.
    this.stream = Object.assign(new EventEmitter(), {
      isTTY: true,
      columns,
      rows,
      hasColors: () => false,
      write: (text: string) => {
        this.#terminal.write(text);
        return true;
      },
    }) as unknown as NodeJS.WriteStream;
  }

  /** As somebody does who pulls at the corner of the window. */
  resize(columns: number, rows: number): void {
    // The terminal has the lines in order before the program hears of it.
    this.#terminal.write('', () => this.#terminal.resize(columns, rows));
    this.#terminal.write('', () => {
      Object.assign(this.stream, { columns, rows });
      this.stream.emit('resize');
    });
  }

  /** All lines, those that have left the screen first. */
  async lines(): Promise<string[]> {
    await this.#settled();
    const { active } = this.#terminal.buffer;
    const lines = Array.from({ length: active.length }, (_, row) => active.getLine(row)?.translateToString(true) ?? '');
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  #settled(): Promise<void> {
    // A change of size draws once more.
    return new Promise((resolve) => this.#terminal.write('', () => this.#terminal.write('', resolve)));
  }
}
