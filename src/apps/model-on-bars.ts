import type { CancellationToken } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import { barCount, type TimeRange, type Timeframe } from '../market/index.ts';
import { onTimeframe, type ModelOnBars, type StoredModel } from '../models/index.ts';
import type { BarSource } from '../training/index.ts';

interface Wanted {
  readonly model: StoredModel;
  readonly weights: Float32Array;
  readonly source: BarSource;
  readonly symbol: string;
  /** For a model that knows one timeframe: another one to put it on. */
  readonly timeframe?: Timeframe | undefined;
  /** Of the bars that are asked about, in epoch milliseconds. */
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

/**
 * A model and the bars that it needs: from where those of its training began, since some indicators count from the first
 * bar, or from the first stored one where older bars are asked about.
 * @throws KtrdrError `failed_precondition` that names the series that are not stored, and how to load them.
 */
export async function modelOnBars(wanted: Wanted, token: CancellationToken): Promise<ModelOnBars> {
  const { model, weights, source, symbol, timeframe } = wanted;
  const features = timeframe === undefined ? model.features : onTimeframe(model.features, timeframe);
  const used = [...new Set([features.baseTimeframe, ...features.features.map((feature) => feature.timeframe)])];
  const range = rangeOf(wanted);
  const calendar = await source.calendarOf(symbol, features.baseTimeframe);
  const series: ModelOnBars['bars']['series'][number][] = [];
  for (const each of used) {
    const bars = await source.read({ symbol, timeframe: each }, range, token);
    if (barCount(bars) > 0) series.push({ timeframe: each, bars });
  }
  const missing = used.filter((each) => series.every((held) => held.timeframe !== each));
  if (calendar === undefined || missing.length > 0) {
    const { end } = wanted;
    const before = end === undefined ? '' : ` before ${new Date(end).toISOString().slice(0, 16)}`;
    const mode = end === undefined ? '' : ' --mode full';
    const commands = missing.map((each) => `"ktrdr data load ${symbol} -t ${each}${mode}"`).join(' and ');
    throw new KtrdrError(
      'failed_precondition',
      `The model "${model.name}" needs bars of ${symbol} that are not stored${before}: ${missing.join(', ')}. Load them with ${commands}.`,
      { details: { symbol, missing } },
    );
  }
  return { metadata: model.metadata, features, weights, bars: { symbol, calendar, series } };
}

function rangeOf({ model, start = Infinity, end }: Wanted): TimeRange | undefined {
  const trainedFrom = model.metadata.range?.start;
  const from = trainedFrom !== undefined && trainedFrom <= start ? trainedFrom : undefined;
  if (from === undefined && end === undefined) return undefined;
  return { start: from ?? -furthestInstant, end: end ?? furthestInstant };
}

/** The furthest instant a date can name. */
const furthestInstant = 8.64e15;
