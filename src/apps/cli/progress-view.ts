import { z } from 'zod';
import type { ProgressState } from '../../async/index.ts';
import { formatCount, formatCounted } from './format.ts';

/** What is shown of a piece of work. */
export interface ProgressView {
  message: string;
  fraction: number;
  remainingMs?: number;
  /** Numbers of lesser weight, which give way where there is no room. */
  detail?: string;
}

export function progressView(message: string, progress: ProgressState<unknown>): ProgressView {
  const { fraction, remainingMs } = progress;
  return { message, fraction, ...(remainingMs === undefined ? {} : { remainingMs }), detail: loadDetail(progress) };
}

/** What the context of a load counts. The room that knows all of it is too much to start a command line with. */
const loadContext = z.object({ loadedBars: z.number(), requestsLeft: z.number().optional() });

/** A rate over less says little. */
const rateKnownAfterMs = 1_000;

/** `8,555 bars, 3,290 bars/s, 4 requests left`; nothing for work that is no load. */
function loadDetail({ context, startedAt, updatedAt }: ProgressState<unknown>): string {
  const { success, data } = loadContext.safeParse(context);
  if (!success) return '';
  const { loadedBars, requestsLeft } = data;
  const words = loadedBars === 0 ? [] : [formatCounted(loadedBars, 'bar')];
  const ms = updatedAt - startedAt;
  if (loadedBars > 0 && ms >= rateKnownAfterMs) {
    words.push(`${formatCount(Math.round((loadedBars / ms) * 1_000))} bars/s`);
  }
  if (requestsLeft !== undefined) words.push(`${formatCounted(requestsLeft, 'request')} left`);
  return words.join(', ');
}
