import { inWorker, type WorkContext } from '../../async/index.ts';
import { barCount, type Bars } from '../../market/index.ts';
import type { ExpectedSeries } from './check-sessions.ts';
import { assessQuality, type QualityReport } from './quality.ts';

export interface AssessmentJob extends ExpectedSeries {
  readonly bars: Bars;
}

/** Fewer bars are looked over sooner than a thread starts. */
const worthAThread = 20_000;

const threadEntry = new URL('./quality-worker.js', import.meta.url);
const inThread = inWorker<AssessmentJob, unknown, QualityReport>(threadEntry, () => ({}));

/** As `assessQuality`, without holding up the process: a million bars take a second. */
export function assessInThread(job: AssessmentJob, context: WorkContext<unknown>): Promise<QualityReport> {
  if (barCount(job.bars) < worthAThread) return Promise.resolve(assessQuality(job.bars, job));
  return inThread(job, context);
}
