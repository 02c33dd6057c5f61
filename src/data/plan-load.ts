import type { BarProvider } from './bar-provider.ts';
import type { DataLoadingJob } from './plan-jobs.ts';
import type { Timeframe } from '../market/index.ts';

/** What a load is going to do, told before it runs. */
export interface LoadPlan {
  readonly requests: number;
  /** Bars that are missing; a source may have fewer. */
  readonly bars: number;
  /** As columns in memory, six numbers a bar; on the disk and on the wire it is less. */
  readonly bytes: number;
  /** At the pace that the source allows, with nobody else asking. */
  readonly estimatedMs: number;
  /** From the first to the last missing bar; absent when nothing is missing. */
  readonly range?: { readonly start: number; readonly end: number };
}

const bytesPerBar = 6 * Float64Array.BYTES_PER_ELEMENT;

/** Adds planned requests up. Pure: asks nobody, so that a plan can be shown without a source. */
export function planLoad(
  jobs: readonly DataLoadingJob[],
  { timeframe, provider }: { timeframe: Timeframe; provider: Pick<BarProvider, 'estimateMs'> },
): LoadPlan {
  const requests = jobs.map(({ expected }) => expected);
  const bars = jobs.reduce((sum, { missing }) => sum + missing, 0);
  const [first] = jobs;
  return {
    requests: requests.length,
    bars,
    bytes: bars * bytesPerBar,
    estimatedMs: provider.estimateMs(requests, timeframe),
    ...(first === undefined
      ? {}
      : {
          range: {
            start: jobs.reduce((start, job) => Math.min(start, job.range.start), first.range.start),
            end: jobs.reduce((end, job) => Math.max(end, job.range.end), first.range.end),
          },
        }),
  };
}
