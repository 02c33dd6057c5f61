import { inWorker, type WorkContext } from '../async/index.ts';
import { barCount } from '../market/index.ts';
import { judgeBars, type ExplainedBar, type JudgedBars, type ModelOnBars, type WantedBars } from './apply-model.ts';

/** A model, and the bars of which it is to say something. */
export interface ModelQuestion {
  readonly job: ModelOnBars;
  readonly wanted: WantedBars;
}

type Context = WorkContext<unknown>;

/** As `judgeBars`, without holding up the process: a million bars take seconds. */
export async function judgeInThread(job: ModelOnBars, wanted: WantedBars, context: Context): Promise<JudgedBars> {
  const bars = job.bars.series.reduce((sum, series) => sum + barCount(series.bars), 0);
  return bars < worthAThread ? judgeBars(job, wanted, context.token) : judge({ job, wanted }, context);
}

/** Fewer bars are judged sooner than a thread starts. */
const worthAThread = 20_000;

const judge = inWorker<ModelQuestion, unknown, JudgedBars>(new URL('./judge-worker.js', import.meta.url), () => ({}));

/** As `explainBar`, without holding up the process: it asks the network some ten thousand times. */
export const explainInThread = inWorker<BarToExplain, unknown, ExplainedBar>(
  new URL('./explain-worker.js', import.meta.url),
  () => ({}),
);

export interface BarToExplain {
  readonly job: ModelOnBars;
  readonly at: number;
}
