import { describe, expect, it } from 'vitest';
import { barCount, sliceBars, type Bars, type Timeframe } from '../market/index.ts';
import { endedSeries } from './ended-series.ts';
import { walk } from './random-walk.fixture.ts';

const hours = walk({ seed: 1, count: 7 * 61 });
const until = (timeframe: Timeframe, wanted: (time: number) => boolean): Bars => {
  const bars = walk({ seed: 2, timeframe, count: 1_000 });
  const count = bars.time.filter(wanted).length;
  return sliceBars(bars, 0, count);
};
const lastHour = hours.time.at(-1) ?? 0;
const day = 86_400_000;
const told = (timeframe: Timeframe, bars: Bars): string[] =>
  endedSeries({ baseTimeframe: '1h' }, [
    {
      symbol: 'AAA',
      calendar: 'us_equities',
      series: [
        { timeframe: '1h', bars: hours },
        { timeframe, bars },
      ],
    },
  ]);

describe('endedSeries()', () => {
  it('says nothing of series that end with the base series, or behind it', () => {
    expect(
      told(
        '1d',
        until('1d', (time) => time <= lastHour),
      ),
    ).toEqual([]);
    expect(
      told(
        '1d',
        until('1d', (time) => time <= lastHour + 9 * day),
      ),
    ).toEqual([]);
    expect(
      told(
        '30m',
        until('30m', (time) => time < lastHour + 3_600_000),
      ),
    ).toEqual([]);
  });

  it('says nothing of a week that is not over yet', () => {
    // The hours end with a Monday.
    expect(new Date(lastHour).getUTCDay()).toBe(1);
    expect(
      told(
        '1w',
        until('1w', (time) => time < lastHour - day),
      ),
    ).toEqual([]);
  });

  it('tells how many bars have passed behind the end of one', () => {
    const days = until('1d', (time) => time <= lastHour);
    const [sentence] = told('1d', sliceBars(days, 0, barCount(days) - 5));
    expect(sentence).toMatch(/^The 1d bars of AAA end on 2020-03-\d\d, and 5 more of them have passed/);
    expect(
      told(
        '30m',
        until('30m', (time) => time < lastHour - day),
      ),
    ).toHaveLength(1);
  });
});
