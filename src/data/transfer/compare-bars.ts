import { barColumns, indexAtOrAfter, type Bars } from '../../market/index.ts';
import { pickBars } from '../quality/index.ts';

/** How incoming bars stand to those that are held, bar by bar. */
export interface Comparison {
  readonly added: number;
  readonly same: number;
  readonly different: number;
  /** The stamp of the first bar whose values differ. */
  readonly firstDifferent: number | undefined;
  /** The incoming bars that are not held. */
  readonly news: Bars;
}

export function compareBars(incoming: Bars, held: Bars): Comparison {
  const news: number[] = [];
  let same = 0;
  let different = 0;
  let firstDifferent: number | undefined;
  for (const [index, stamp] of incoming.time.entries()) {
    const at = indexAtOrAfter(held.time, stamp);
    if (held.time[at] !== stamp) {
      news.push(index);
    } else if (barColumns.every((column) => Object.is(incoming[column][index], held[column][at]))) {
      same += 1;
    } else {
      different += 1;
      firstDifferent ??= stamp;
    }
  }
  return { added: news.length, same, different, firstDifferent, news: pickBars(incoming, news) };
}
