import { barCount, barsFromRows, concatBars, type BarRow, type Bars } from '../../../market/index.ts';
import type { BarQuery, BarSource } from './bar-source.ts';
import { keyOf, uniformAt } from './random.ts';

/**
 * A source without some of its intraday bars, as if nothing had been traded in them. Which ones are missing depends on the
 * seed, the instrument, the size and the stamp, and on nothing else.
 */
export function withHoles(source: BarSource, { share, seed }: { share: number; seed: number }): BarSource {
  if (share <= 0) return source;
  const pieces = function* (query: BarQuery): Generator<Bars, void, undefined> {
    const { instrument, barSize } = query;
    if (barSize.unit !== 'intraday') return yield* source.pieces(query);
    const key = keyOf(`${seed}/${instrument.conId}/${barSize.ms}/holes`);
    for (const bars of source.pieces(query)) yield kept(bars, (stamp) => uniformAt(key, stamp, 0) >= share);
  };
  return {
    pieces,
    bars: (query) => concatBars([...pieces(query)]),
    first: (instrument, whatToShow) => source.first(instrument, whatToShow),
  };
}

function kept(bars: Bars, isKept: (stamp: number) => boolean): Bars {
  const rows: BarRow[] = [];
  for (let index = 0; index < barCount(bars); index += 1) {
    const time = bars.time[index] ?? 0;
    if (!isKept(time)) continue;
    rows.push({
      time,
      open: bars.open[index] ?? 0,
      high: bars.high[index] ?? 0,
      low: bars.low[index] ?? 0,
      close: bars.close[index] ?? 0,
      volume: bars.volume[index] ?? Number.NaN,
    });
  }
  return barsFromRows(rows);
}
