import { calendarOf, dateText, expectedBars, timeframeMs } from '../market/index.ts';
import type { TrainingPlan } from '../strategies/index.ts';
import { barCloses } from './bar-closes.ts';
import { barsOf, type SymbolBars } from './features.ts';

/**
 * A sentence for each series that ends before that of the base timeframe does: the rows behind its end see its last bar,
 * however long ago that is.
 */
export function endedSeries(
  { baseTimeframe }: Pick<TrainingPlan, 'baseTimeframe'>,
  symbols: readonly SymbolBars[],
): string[] {
  return symbols.flatMap((held) => {
    const calendar = calendarOf(held.calendar);
    const lastStamp = barsOf(held, baseTimeframe).time.at(-1);
    if (lastStamp === undefined) return [];
    const end = barCloses(calendar, baseTimeframe, Float64Array.of(lastStamp))[0] ?? lastStamp;
    return held.series.flatMap(({ timeframe, bars }) => {
      const last = bars.time.at(-1);
      if (timeframe === baseTimeframe || last === undefined) return [];
      const { start } = expectedBars(calendar, timeframe, { start: last + 1, end: end + timeframeMs(timeframe) });
      const [known = last] = barCloses(calendar, timeframe, Float64Array.of(last));
      const missing = barCloses(calendar, timeframe, start).filter((close) => close > known && close <= end).length;
      if (missing === 0) return [];
      const day = dateText(last);
      return [
        `The ${timeframe} bars of ${held.symbol} end on ${day}, and ${missing} more of them have passed until its ` +
          `${baseTimeframe} bars end: all later rows see that last one. Load the ${timeframe} bars up to the same day.`,
      ];
    });
  });
}
