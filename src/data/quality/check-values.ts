import type { Bars } from '../../market/index.ts';
import type { IssueList } from './issue.ts';

/** What each bar must hold by itself and towards the one before: the rules of `checkBars`, told one by one. */
export function checkValues(bars: Bars, issues: IssueList): void {
  const { time, open, high, low, close, volume } = bars;
  const at = (column: Float64Array, index: number): number => column[index] ?? Number.NaN;
  issues.addRuns('order', {
    holds: (index) => !Number.isInteger(at(time, index)) || at(time, index) < at(time, index - 1),
    detail: () => 'the stamp lies before that of the bar before it, or is not a whole millisecond',
  });
  issues.addRuns('duplicate', {
    holds: (index) => index > 0 && at(time, index) === at(time, index - 1),
    detail: () => 'the stamp is that of the bar before it',
  });
  issues.addRuns('price', {
    holds: (index) => !hasPrices(bars, index),
    detail: (index) => `prices must be finite and above zero, not ${pricesAt(bars, index)}`,
  });
  issues.addRuns('high_low', {
    holds: (index) =>
      hasPrices(bars, index) &&
      (at(high, index) < Math.max(at(open, index), at(close, index)) ||
        at(low, index) > Math.min(at(open, index), at(close, index))),
    detail: (index) => `high and low must enclose open and close, not ${pricesAt(bars, index)}`,
  });
  issues.addRuns('volume', {
    holds: (index) => at(volume, index) < 0 || at(volume, index) === Infinity,
    detail: (index) => `volume must be finite and not negative, not ${at(volume, index)}`,
  });
}

/** True when all four prices could have been paid. */
export function hasPrices({ open, high, low, close }: Bars, index: number): boolean {
  return isPrice(open[index]) && isPrice(high[index]) && isPrice(low[index]) && isPrice(close[index]);
}

function isPrice(value = Number.NaN): boolean {
  return value > 0 && value < Infinity;
}

function pricesAt({ open, high, low, close }: Bars, index: number): string {
  return `open ${open[index]}, high ${high[index]}, low ${low[index]}, close ${close[index]}`;
}
