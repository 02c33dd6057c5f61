import { z } from 'zod';
import type { Schema } from '../../base/index.ts';
import { barColumns, barCount, dateText, type BarColumn, type Bars } from '../../market/index.ts';
import { outsideSessions, type ExpectedSeries } from './check-sessions.ts';
import { hasPrices } from './check-values.ts';
import { findSplits } from './splits.ts';
import { type RepairName, repairNames } from '../choices.ts';

export interface RepairDone {
  readonly repair: RepairName;
  /** Bars that were moved, removed or changed. */
  readonly bars: number;
  /** In words. */
  readonly detail: string;
}

export const repairDoneSchema: Schema<RepairDone> = z.object({
  repair: z.enum(repairNames),
  bars: z.number().int().nonnegative(),
  detail: z.string(),
});

type Repair = (bars: Bars, series: ExpectedSeries) => { bars: Bars; changed: number; detail: string };

/** New bars, and what each repair that was asked for did to them; the given ones stay as they are. */
export function applyRepairs(
  bars: Bars,
  wanted: readonly RepairName[],
  series: ExpectedSeries,
): { bars: Bars; done: RepairDone[] } {
  const done: RepairDone[] = [];
  let repaired = bars;
  for (const repair of repairNames.filter((name) => wanted.includes(name))) {
    const result = repairs[repair](repaired, series);
    repaired = result.bars;
    done.push({ repair, bars: result.changed, detail: result.detail });
  }
  return { bars: repaired, done };
}

const repairs: Record<RepairName, Repair> = {
  /** By stamp; bars of one stamp keep their order. */
  sort(bars) {
    const order = Array.from(bars.time.keys()).sort((a, b) => (bars.time[a] ?? 0) - (bars.time[b] ?? 0) || a - b);
    const changed = order.filter((from, to) => from !== to).length;
    return { bars: pickBars(bars, order), changed, detail: `${changed} bars moved to their place in time` };
  },

  /** Of bars with one stamp that follow each other the last one stays. */
  unique(bars) {
    return keep(bars, (index) => bars.time[index] !== bars.time[index + 1], 'bars removed whose stamp occurs again');
  },

  'drop-broken'(bars) {
    const { open, high, low, close, volume } = bars;
    const holds = (index: number): boolean => {
      const [o = 0, h = 0, l = 0, c = 0, v = 0] = [open, high, low, close, volume].map((column) => column[index]);
      return hasPrices(bars, index) && h >= Math.max(o, c) && l <= Math.min(o, c) && !(v < 0) && v !== Infinity;
    };
    return keep(bars, holds, 'bars removed that cannot be true');
  },

  'sessions-only'(bars, series) {
    const place = outsideSessions(bars, series);
    return keep(bars, (index) => place(index) !== 'outside', 'bars removed that lie outside the sessions');
  },

  /**
   * Divides prices before each probable split by its ratio and multiplies volumes, so that the newest prices stay as
   * they are. Dividends are not touched.
   */
  'adjust-splits'(bars, { timeframe }) {
    const splits = findSplits(bars, timeframe);
    const count = barCount(bars);
    const factor = new Float64Array(count).fill(1);
    for (const { index, ratio } of splits) {
      for (let before = 0; before < index; before += 1) factor[before] = (factor[before] ?? 1) * ratio;
    }
    const scaled = (column: BarColumn): Float64Array =>
      bars[column].map((value, index) => {
        const by = factor[index] ?? 1;
        if (column === 'time' || by === 1) return value;
        return column === 'volume' ? value * by : value / by;
      });
    const names = splits.map(({ name, index }) => `${name} on ${dateOf(bars.time[index])}`);
    return {
      bars: mapColumns(scaled),
      changed: factor.filter((by) => by !== 1).length,
      detail: splits.length === 0 ? 'no split found' : `adjusted for ${names.join(', ')}`,
    };
  },
};

function keep(bars: Bars, holds: (index: number) => boolean, what: string): ReturnType<Repair> {
  const kept = Array.from(bars.time.keys()).filter(holds);
  const changed = barCount(bars) - kept.length;
  return { bars: pickBars(bars, kept), changed, detail: `${changed} ${what}` };
}

/** The bars of the given indices, in their order. */
function pickBars(bars: Bars, indices: readonly number[]): Bars {
  return mapColumns((column) => Float64Array.from(indices, (index) => bars[column][index] ?? Number.NaN));
}

function mapColumns(column: (name: BarColumn) => Float64Array): Bars {
  return Object.fromEntries(barColumns.map((name) => [name, column(name)])) as Record<BarColumn, Float64Array>;
}

function dateOf(time: number | undefined): string {
  return dateText(time ?? Number.NaN);
}
