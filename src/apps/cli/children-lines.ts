import { CancellationToken } from '../../async/index.ts';
import { isTerminal, type Operation } from '../../operations/index.ts';
import type { OperationsClient } from '../../service/index.ts';
import { closingLine, drawnLine, plainLine, type OperationDisplay } from './progress-line.ts';
import { progressView, type ProgressView } from './progress-view.ts';
import { textFor } from './terminal.ts';

interface ChildrenLinesOptions {
  readonly client: Pick<OperationsClient, 'list'>;
  /** The parent. */
  readonly id: string;
  readonly stream?: NodeJS.WriteStream;
}

const mostChildren = 1_000;
const plainLineEveryMs = 1_000;

/**
 * Shows an operation and its children on stderr: a line for each child, and one below them for the whole. On a terminal
 * they are drawn over; elsewhere each child has plain lines of its own, spaced out.
 */
export class ChildrenLines implements OperationDisplay {
  readonly #client: Pick<OperationsClient, 'list'>;
  readonly #id: string;
  readonly #stream: NodeJS.WriteStream;
  readonly #plain = new Map<string, { message: string; at: number }>();
  #children: Operation[] = [];
  #whole: ProgressView = { message: '', fraction: 0 };
  #drawn = 0;
  #asking = false;
  #isOver = false;

  constructor({ client, id, stream = process.stderr }: ChildrenLinesOptions) {
    this.#client = client;
    this.#id = id;
    this.#stream = stream;
  }

  show(view: ProgressView): void {
    this.#whole = view;
    this.#draw();
    // What moves the whole is a child that moved.
    if (!this.#asking) void this.#ask().then(() => this.#draw());
  }

  async end(line: string): Promise<void> {
    await this.#ask();
    this.#isOver = true;
    this.#write([...this.#children.map(closingWithoutCause), line]);
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    try {
      const filter = { parent: this.#id, limit: mostChildren };
      const { operations } = await this.#client.list(filter, CancellationToken.none);
      this.#children = newestOfEach(operations);
    } catch {
      // The lines stay as they were; whoever runs the operation hears of lost contact himself.
    } finally {
      this.#asking = false;
    }
  }

  #draw(): void {
    if (this.#isOver) return;
    if (!this.#stream.isTTY) {
      this.#tell();
      return;
    }
    // A terminal may not know its size.
    const columns = this.#stream.columns || 80;
    const room = Math.max(1, (this.#stream.rows || 24) - 2);
    const moving = this.#children.filter(({ status }) => !isTerminal(status));
    const shown = this.#children.length > room ? moving.slice(0, room) : this.#children;
    this.#write(
      [...shown.map(({ message, progress }) => progressView(message, progress)), this.#whole].map((view) =>
        drawnLine(view, columns),
      ),
    );
  }

  /** In the place of the lines that were drawn before. */
  #write(lines: readonly string[]): void {
    const text = textFor(this.#stream, lines.join('\n'));
    if (!this.#stream.isTTY) {
      this.#stream.write(`${text}\n`);
      return;
    }
    const back = this.#drawn > 0 ? `\x1B[${this.#drawn}A` : '';
    this.#stream.write(`${back}\r\x1B[J${text}\n`);
    this.#drawn = lines.length;
  }

  #tell(): void {
    const now = performance.now();
    for (const { id, message, status, progress } of this.#children) {
      const last = this.#plain.get(id);
      if (last?.message === message || (last !== undefined && now - last.at < plainLineEveryMs)) continue;
      this.#plain.set(id, { message, at: now });
      if (!isTerminal(status)) this.#stream.write(`${plainLine(progressView(message, progress))}\n`);
    }
  }
}

/** What failed is told at length by whoever has the result. */
function closingWithoutCause(operation: Operation): string {
  const shown = { ...operation };
  delete shown.error;
  return closingLine(shown);
}

/** In the order of their start. A child that was tried again, under its name and a number, takes the place of the one before. */
function newestOfEach(newestFirst: readonly Operation[]): Operation[] {
  const children = new Map<string, Operation>();
  for (const operation of newestFirst.toReversed()) {
    const { id, parent = '' } = operation;
    children.set(id.slice(parent.length + 1).split('.')[0] ?? id, operation);
  }
  return [...children.values()];
}
