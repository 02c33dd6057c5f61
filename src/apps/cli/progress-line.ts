import type { Operation } from '../../operations/index.ts';
import { formatDuration } from './format.ts';
import type { ProgressView } from './progress-view.ts';
import { colours, textFor } from './terminal.ts';

/** The bar gives way to the words: the widest one that leaves them room, or none. */
const barWidths = [24, 12, 6];
const percentWidth = 5;
const showRemainingAboveMs = 3_000;
const plainLineEveryMs = 1_000;

/** Where a running operation is shown. */
export interface OperationDisplay {
  show(view: ProgressView): void;
  /** Puts one closing line in the place of what moved. */
  end(line: string): void | Promise<void>;
}

/**
 * Shows one piece of work on stderr: a line that is drawn over on a terminal, plain lines elsewhere. Numbers move with
 * every batch and would flood a log file, so plain lines are spaced out.
 */
export class ProgressLine implements OperationDisplay {
  readonly #stream: NodeJS.WriteStream;
  #last = '';
  #shownAt = Number.NEGATIVE_INFINITY;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  show(view: ProgressView): void {
    if (this.#stream.isTTY) {
      const columns = this.#stream.columns || 80;
      this.#stream.write(`\r\x1B[2K${textFor(this.#stream, drawnLine(view, columns))}`);
      return;
    }
    const now = performance.now();
    if (view.message === this.#last || now - this.#shownAt < plainLineEveryMs) return;
    this.#last = view.message;
    this.#shownAt = now;
    this.#stream.write(`${plainLine(view)}\n`);
  }

  end(line: string): void {
    const text = textFor(this.#stream, line);
    this.#stream.write(this.#stream.isTTY ? `\r\x1B[2K${text}\n` : `${text}\n`);
  }
}

/** How an operation ended, in one line. */
export function closingLine({ message, status, startedAt, endedAt, error, progress }: Operation): string {
  const took = startedAt !== undefined && endedAt !== undefined ? ` in ${formatDuration(endedAt - startedAt)}` : '';
  switch (status) {
    case 'completed':
      return `${hasFailures(progress.context) ? colours.yellow('!') : colours.green('\u2713')} ${message}${took}`;
    case 'failed':
      return `${colours.red('\u2717')} ${message}: ${error?.detail ?? 'failed'}`;
    case 'cancelled':
      return `${colours.yellow('\u25A0')} ${message}: cancelled`;
    case 'pending':
    case 'running':
    case 'cancelling':
      return `${message}: ${status}`;
    default:
      return status satisfies never;
  }
}

/** Work of several parts completes when some of them did, and counts the others. */
function hasFailures(context: unknown): boolean {
  return typeof context === 'object' && context !== null && 'failed' in context && Number(context.failed) > 0;
}

/** Words, numbers and remaining time for a stream that is no terminal. */
export function plainLine({ message, detail = '', remainingMs = 0 }: ProgressView): string {
  const remaining = remainingText(remainingMs);
  return [message, detail, remaining].filter((part) => part !== '').join(', ');
}

/** Bar, percentage, words, numbers and remaining time in one line that does not wrap. */
export function drawnLine(view: ProgressView, columns: number): string {
  return fit(drawn(view, columns), columns);
}

/** The bar gives way first, then the numbers, then the remaining time. */
function drawn({ message, fraction, remainingMs = 0, detail = '' }: ProgressView, columns: number): string {
  const room = columns - 1 - percentWidth - message.length;
  const remaining = remainingText(remainingMs);
  const tails = [[detail, remaining], [remaining], []].map((parts) =>
    parts
      .filter((part) => part !== '')
      .map((part) => ` ${part}`)
      .join(''),
  );
  const tail = tails.find(({ length }) => length <= room) ?? '';
  const barWidth = barWidths.find((width) => width <= room - tail.length) ?? 0;
  const filled = Math.round(fraction * barWidth);
  const bar = `${'\u2501'.repeat(filled)}${colours.dim('\u2500'.repeat(barWidth - filled))}`;
  const percent = `${Math.floor(fraction * 100)}%`.padStart(4);
  return `${colours.cyan(bar)}${percent} ${message}${colours.dim(tail)}`;
}

function remainingText(ms: number): string {
  return ms > showRemainingAboveMs ? `ETA ${formatDuration(ms)}` : '';
}

/** Cuts a line to the width of the terminal without counting or cutting colour codes. */
function fit(line: string, columns: number): string {
  let width = 0;
  let result = '';
  // oxlint-disable-next-line no-control-regex -- the escape character is what a colour code begins with
  for (const part of line.split(/(\x1B\[[0-9;]*m)/)) {
    if (part.startsWith('\x1B[')) {
      result += part;
    } else {
      const room = Math.max(0, columns - 1 - width);
      const text = Array.from(part).slice(0, room).join('');
      width += Array.from(part).length;
      result += text;
    }
  }
  return result;
}
