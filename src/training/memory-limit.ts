import { KtrdrError, systemCode } from '../base/index.ts';
import { barCount } from '../market/index.ts';
import type { SymbolBars } from '../samples/index.ts';
import type { TrainingPlan } from '../strategies/index.ts';

const bytesOfMb = 2 ** 20;
/** A stamp, four prices and a volume, each a float64. */
const bytesOfBar = 6 * Float64Array.BYTES_PER_ELEMENT;
/** The features of each symbol, and those of all together. */
const bytesOfFeature = 2 * Float32Array.BYTES_PER_ELEMENT;

/**
 * Refuses a training whose bars and features alone do not fit, before it begins; the rest is watched while it runs.
 * @throws KtrdrError `failed_precondition`
 */
export function refuseTooLarge(plan: TrainingPlan, symbols: readonly SymbolBars[], limitMb: number): void {
  let bytes = 0;
  for (const { timeframe, bars } of symbols.flatMap(({ series }) => series)) {
    const features = timeframe === plan.baseTimeframe ? plan.features.length : 0;
    bytes += barCount(bars) * (bytesOfBar + features * bytesOfFeature);
  }
  const neededMb = Math.ceil(bytes / bytesOfMb);
  if (neededMb > limitMb) throw tooLarge(`needs ${neededMb} MiB for its bars and features alone`, limitMb);
}

/**
 * Looks at what this thread holds: its heap, its arrays, and the memory of a kernel.
 * @throws KtrdrError `failed_precondition` when that is more than it may.
 */
export function holdToLimit(limitMb: number): void {
  const { heapUsed, external } = process.memoryUsage();
  const usedMb = Math.ceil((heapUsed + external) / bytesOfMb);
  if (usedMb > limitMb) throw tooLarge(`holds ${usedMb} MiB`, limitMb);
}

/** A thread whose heap outgrows its limit ends anywhere; this gives its end the right reason. */
export function orOutOfMemory(thrown: unknown, limitMb: number): unknown {
  const isOutOfMemory = thrown instanceof Error && systemCode(thrown.cause) === 'ERR_WORKER_OUT_OF_MEMORY';
  return isOutOfMemory ? tooLarge('ran out of memory', limitMb, thrown) : thrown;
}

function tooLarge(how: string, limitMb: number, cause?: unknown): KtrdrError {
  return new KtrdrError(
    'failed_precondition',
    `The training ${how}, and may have ${limitMb} MiB. Train on fewer bars, features or lags, or raise KTRDR_TRAINING_MEMORY_MB.`,
    { cause, details: { limitMb } },
  );
}
