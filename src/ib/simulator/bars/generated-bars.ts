import { allocateBars, concatBars, dayMs, type Bars, type TimeRange } from '../../../market/index.ts';
import { offers, type BarQuery, type BarSource } from './bar-source.ts';
import { cellCandles, dayCandles, type StampedCandle } from './cut-bars.ts';
import type { Instrument } from '../instruments/instruments.ts';
import { joinPeriods, periodOf } from './periods.ts';
import { PriceWalk, type WalkedDay } from './price-walk.ts';
import { quotesOf } from './quotes.ts';

/**
 * Bars of a seeded price path. A day is cut into four-hour cells of the local wall clock, these into two-hour cells,
 * and so on down to seconds; only cells that the query touches are cut. So the cost is that of the bars asked for, a
 * bar is the same in every answer, and a bar of one size is exactly the sum of the smaller bars within it.
 */
export class GeneratedBars implements BarSource {
  readonly #seed: number;
  readonly #walks = new Map<string, PriceWalk>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  first(instrument: Instrument, whatToShow: string): number | undefined {
    if (!offers(instrument, whatToShow)) return undefined;
    const from = instrument.life?.start ?? Date.parse(instrument.walk.listed);
    return this.#walkOf(instrument)
      .daysUntil(from + weekMs)
      .find(({ session }) => session.close > from)?.session.open;
  }

  bars(query: BarQuery): Bars {
    return concatBars([...this.pieces(query)]);
  }

  *pieces(query: BarQuery): Generator<Bars, void, undefined> {
    const { instrument, barSize, whatToShow, now } = query;
    const window = windowOf(query);
    if (!offers(instrument, whatToShow) || window.start >= window.end) return;
    const walk = this.#walkOf(instrument);
    const days = daysWithin(walk.daysUntil(window.end), window);
    const cut = { key: walk.key, regularHoursOnly: query.regularHoursOnly, ...window, now };
    if (barSize.unit === 'intraday') {
      for (const candles of cellCandles(days, { size: barSize.ms, cut })) yield priced(candles, query);
      return;
    }
    const candles = dayCandles(days, cut);
    const joined = barSize.unit === 'day' ? candles : joinPeriods(candles, barSize);
    if (joined.length > 0) yield priced(joined, query);
  }

  #walkOf(instrument: Instrument): PriceWalk {
    const { pathName } = instrument;
    let walk = this.#walks.get(pathName);
    if (walk === undefined) {
      walk = new PriceWalk(instrument, this.#seed);
      this.#walks.set(pathName, walk);
    }
    return walk;
  }
}

const weekMs = 7 * dayMs;

/** A week or a month that is touched is told whole; what a future did not live to see does not exist. */
function windowOf({ window, barSize, instrument: { life } }: BarQuery): TimeRange {
  let { start, end } = window;
  if (barSize.unit === 'week' || barSize.unit === 'month') {
    ({ start } = periodOf(start, barSize));
    ({ end } = periodOf(end - 1, barSize));
  }
  return life === undefined ? { start, end } : { start: Math.max(start, life.start), end: Math.min(end, life.end) };
}

/** The days that may have bars in a window, found by halving; a cell may reach beyond its session, hence the margin. */
function daysWithin(days: readonly WalkedDay[], { start, end }: TimeRange): readonly WalkedDay[] {
  const marginMs = 2 * dayMs;
  return days.slice(firstAfter(days, start - marginMs), firstAfter(days, end + marginMs));
}

function firstAfter(days: readonly WalkedDay[], instant: number): number {
  let low = 0;
  let high = days.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const day = days[middle];
    if (day !== undefined && day.session.open < instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rounding keeps order, so the highest of rounded prices is the rounded highest price and sums of bars stay exact. */
function priced(candles: readonly StampedCandle[], { instrument, whatToShow }: BarQuery): Bars {
  const { ticksPerUnit, walk } = instrument;
  const hasVolume = walk.dailyVolume > 0 && whatToShow === 'TRADES';
  const bars = allocateBars(candles.length);
  const ticks = (log: number): number => Math.max(2, Math.round(Math.exp(log) * ticksPerUnit));
  for (const [index, { stamp, candle }] of candles.entries()) {
    bars.time[index] = stamp;
    bars.open[index] = ticks(candle.open);
    bars.high[index] = ticks(candle.high);
    bars.low[index] = ticks(candle.low);
    bars.close[index] = ticks(candle.close);
    bars.volume[index] = hasVolume ? candle.volume : Number.NaN;
  }
  return quotesOf(bars, { whatToShow, ticksPerUnit });
}
