import * as z from 'zod/mini';
import type { Operation } from '../../../operations/index.ts';
import { formatCount, formatCounted, formatDuration, formatPercent } from '../format.ts';

/** What is shown of a piece of work. */
export interface ProgressView {
  readonly message: string;
  readonly fraction: number;
  /** How much longer it takes; empty until that is known, or when it is hardly worth saying. */
  readonly remaining?: string;
  /** Numbers of lesser weight, which give way where there is no room. */
  readonly detail?: string;
}

const tellRemainingAboveMs = 3_000;

export function progressView({ message, progress }: Pick<Operation, 'message' | 'progress'>): ProgressView {
  return { message, fraction: progress.fraction, remaining: remainingWords(progress), detail: detailWords(progress) };
}

type Progress = Operation['progress'];

/** `ETA 40 s to 1m 10s`, not exceeded in half and in nine tenths of all cases, where the past tells; else `ETA 40 s`. */
function remainingWords({ remaining, remainingMs = 0 }: Progress): string {
  const least = remaining?.p50Ms ?? remainingMs;
  if (least <= tellRemainingAboveMs) return '';
  const [from, to] = [formatDuration(least), formatDuration(remaining?.p90Ms ?? least)];
  return from === to ? `ETA ${from}` : `ETA ${from} to ${to}`;
}

/** What the context of a load, and of a training, counts. The rooms that know all of it are too much to start with. */
const loadContext = z.object({ loadedBars: z.number(), requestsLeft: z.optional(z.number()) });
const trainingContext = z.object({ rowsPerSecond: z.optional(z.number()), validationAccuracy: z.optional(z.number()) });

/** A rate over less says little. */
const rateKnownAfterMs = 1_000;

function detailWords(progress: Progress): string {
  const load = loadContext.safeParse(progress.context);
  if (load.success) return loadWords(load.data, progress).join(', ');
  const training = trainingContext.safeParse(progress.context);
  return training.success ? trainingWords(training.data).join(', ') : '';
}

/** `8,555 bars, 3,290 bars/s, 4 requests left`. */
function loadWords(
  { loadedBars, requestsLeft }: z.output<typeof loadContext>,
  { startedAt, updatedAt }: Progress,
): string[] {
  const words = loadedBars === 0 ? [] : [formatCounted(loadedBars, 'bar')];
  const ms = updatedAt - startedAt;
  if (loadedBars > 0 && ms >= rateKnownAfterMs) {
    words.push(`${formatCount(Math.round((loadedBars / ms) * 1_000))} bars/s`);
  }
  if (requestsLeft !== undefined) words.push(`${formatCounted(requestsLeft, 'request')} left`);
  return words;
}

/** `12,345 rows/s, validation accuracy 56.1 %`. */
function trainingWords({ rowsPerSecond, validationAccuracy }: z.output<typeof trainingContext>): string[] {
  const words = rowsPerSecond === undefined ? [] : [`${formatCount(Math.round(rowsPerSecond))} rows/s`];
  if (validationAccuracy !== undefined) words.push(`validation accuracy ${formatPercent(validationAccuracy)}`);
  return words;
}
