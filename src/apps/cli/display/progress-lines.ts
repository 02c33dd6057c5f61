import type { Operation } from '../../../operations/index.ts';
import { formatDuration } from '../format.ts';
import type { ProgressView } from './progress-view.ts';
import { colours } from '../terminal.ts';
import { textWidth } from './text-width.ts';

const leastBarWidth = 6;
/** The bar gives way to the words: the widest one that leaves them room, or none. */
const barWidths = [24, 12, leastBarWidth];
const percentWidth = 5;

interface DrawnLine {
  readonly line: string;
  /** How wide the bar may be in the next drawing of the same. */
  readonly widest: number;
}

/**
 * Bar, percentage, words, numbers and remaining time in one line of a terminal of so many columns. The bar is no wider than
 * `widest`, because words that move to and fro with every drawing cannot be read; one that was gone comes back as the
 * narrowest.
 */
export function drawnLine(
  { message, fraction, remaining = '', detail = '' }: ProgressView,
  { columns, widest = Infinity }: { columns: number; widest?: number | undefined },
): DrawnLine {
  const room = columns - 1 - percentWidth - textWidth(message);
  // The bar gets narrower first, then the numbers give way, then the bar, then the remaining time.
  const tails = [[detail, remaining], [remaining], []].map((parts) =>
    parts
      .filter((part) => part !== '')
      .map((part) => ` ${part}`)
      .join(''),
  );
  const tail = tails.find(({ length }, index) => length <= room - (index === 0 ? leastBarWidth : 0)) ?? '';
  const barWidth = barWidths.find((width) => width <= Math.min(widest, room - tail.length)) ?? 0;
  const filled = Math.round(fraction * barWidth);
  const bar = `${'\u2501'.repeat(filled)}${colours.dim('\u2500'.repeat(barWidth - filled))}`;
  const percent = `${Math.floor(fraction * 100)}%`.padStart(4);
  return {
    line: `${colours.cyan(bar)}${percent} ${message}${colours.dim(tail)}`,
    widest: Math.max(leastBarWidth, barWidth),
  };
}

/** Words, numbers and remaining time for a stream where nothing can be drawn over. */
export function plainLine({ message, detail = '', remaining = '' }: ProgressView): string {
  return [message, detail, remaining].filter((part) => part !== '').join(', ');
}

/** How an operation ended, or where it is, in one line. */
export function closingLine({ message, status, startedAt, endedAt, error, progress, cancellation }: Operation): string {
  const took = startedAt !== undefined && endedAt !== undefined ? ` in ${formatDuration(endedAt - startedAt)}` : '';
  switch (status) {
    case 'completed':
      return `${hasFailures(progress.context) ? colours.yellow('!') : colours.green('\u2713')} ${message}${took}`;
    case 'failed':
      return `${colours.red('\u2717')} ${message}: ${error?.detail ?? 'failed'}`;
    case 'cancelled': {
      const how = cancellation?.forced === true ? 'cancelled (its thread had to be ended)' : 'cancelled';
      return `${colours.yellow('\u25A0')} ${message}: ${how}`;
    }
    case 'pending':
    case 'running':
    case 'cancelling':
      return `${message}: ${status}`;
    default:
      return status satisfies never;
  }
}

/** As `closingLine`, for whoever tells of the cause elsewhere, and at length. */
export function closingWithoutCause(operation: Operation): string {
  const shown = { ...operation };
  delete shown.error;
  return closingLine(shown);
}

/** Work of several parts completes when some of them did, and counts the others. */
function hasFailures(context: unknown): boolean {
  return typeof context === 'object' && context !== null && 'failed' in context && Number(context.failed) > 0;
}
