// How it is done here. The domain declares the port it needs (`readDays`); it does not know who answers.
import { KtrdrError } from '../../dist/base/index.js';
import { weekdays } from './contract.mjs';

export function seasonalityWork(readDays) {
  return async ({ symbol }, { token, progress }) => {
    const { time, close } = await readDays(symbol);
    if (time.length < 2) {
      throw new KtrdrError(
        'failed_precondition',
        `There are no daily bars of ${symbol}; load them with "ktrdr data load ${symbol} -t 1d".`,
      );
    }
    const sums = weekdays.map((weekday) => ({ weekday, days: 0, sum: 0 }));
    for (let day = 1; day < time.length; day += 1) {
      if (day % 100 === 0) {
        token.throwIfCancelled('the measuring');
        progress.report({ done: day, total: time.length });
      }
      const bucket = sums[new Date(time[day]).getUTCDay() - 1];
      bucket.days += 1;
      bucket.sum += close[day] / close[day - 1] - 1;
    }
    progress.report({ done: time.length, total: time.length });
    return sums.map(({ weekday, days, sum }) => ({ weekday, days, meanReturn: days === 0 ? 0 : sum / days }));
  };
}
