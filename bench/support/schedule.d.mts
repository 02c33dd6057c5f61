import type { CancellationToken, ManualClock } from '../../src/async/index.ts';
import type { PacingQueue } from '../../src/ib/pacing/pacing-queue.ts';

export interface SentRequest {
  readonly key: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface Schedule {
  readonly series: readonly (readonly number[])[];
  readonly serviceMs: (bars: number) => number;
}

export function simulateSchedule(
  options: Schedule & {
    readonly queue: PacingQueue;
    readonly clock: ManualClock;
    readonly token: CancellationToken;
    readonly requestsAtOnce: number;
    readonly seriesAtOnce: number;
  },
): Promise<{ requests: SentRequest[]; totalMs: number }>;

export function lowerBoundMs(schedule: Schedule): number;

export function violationsOf(requests: readonly SentRequest[]): string[];
