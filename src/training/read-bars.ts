import type { CancellationToken } from '../async/index.ts';
import { KtrdrError } from '../base/index.ts';
import { barCount, type Timeframe } from '../market/index.ts';
import type { BarSource, Series } from './bar-source.ts';
import type { SymbolBars } from '../samples/index.ts';
import type { TrainingPlan } from '../strategies/index.ts';

/**
 * Reads the bars that a plan uses.
 * @throws KtrdrError `failed_precondition` that names every series with no bars, or too few, and how to load it.
 */
export async function readBars(plan: TrainingPlan, source: BarSource, token: CancellationToken): Promise<SymbolBars[]> {
  const held: SymbolBars[] = [];
  const missing: Series[] = [];
  for (const symbol of plan.symbols) {
    const calendar = await source.calendarOf(symbol, plan.baseTimeframe);
    const series: SymbolBars['series'][number][] = [];
    for (const timeframe of usedTimeframes(plan)) {
      const bars = await source.read({ symbol, timeframe }, plan.range, token);
      token.throwIfCancelled('the reading of bars');
      if (calendar !== undefined && barCount(bars) > 0) series.push({ timeframe, bars });
      else missing.push({ symbol, timeframe });
    }
    if (calendar !== undefined) held.push({ symbol, calendar, series });
  }
  if (missing.length > 0) throw absent(missing, plan);
  for (const symbolBars of held) refuseShortHistory(symbolBars, plan);
  return held;
}

function usedTimeframes({ timeframes, baseTimeframe, features }: TrainingPlan): Timeframe[] {
  const used = new Set([baseTimeframe, ...features.map(({ timeframe }) => timeframe)]);
  return timeframes.filter((timeframe) => used.has(timeframe));
}

function absent(missing: readonly Series[], { strategy, range }: TrainingPlan): KtrdrError {
  const names = missing.map(({ symbol, timeframe }) => `${symbol} ${timeframe}`).join(', ');
  const where = range === undefined ? 'in the store' : 'in the store for the range of this training';
  const commands = missing.map((series) => `"${loadCommand(series)}"`).join(', ');
  return new KtrdrError(
    'failed_precondition',
    `The strategy "${strategy.name}" needs bars that are not ${where}: ${names}. Load them with ${commands}.`,
    { details: { missing } },
  );
}

function refuseShortHistory(
  { symbol, series }: SymbolBars,
  { strategy, baseTimeframe: timeframe }: TrainingPlan,
): void {
  const bars = series.find((held) => held.timeframe === timeframe)?.bars;
  const count = bars === undefined ? 0 : barCount(bars);
  const { historyRequired: needed } = strategy;
  if (count >= needed) return;
  throw new KtrdrError(
    'failed_precondition',
    `${symbol} has ${count} ${timeframe} bars for this training, and "${strategy.name}" requires ${needed} ` +
      `(training_data.history_required). Load more with "${loadCommand({ symbol, timeframe })} --mode full".`,
    { details: { symbol, timeframe, bars: count, needed } },
  );
}

function loadCommand({ symbol, timeframe }: Series): string {
  return `ktrdr data load ${/^[\w.-]+$/.test(symbol) ? symbol : `'${symbol}'`} -t ${timeframe}`;
}
