import { expect, it } from 'vitest';
import {
  CancellationSource,
  CancellationToken,
  noCheckpoint,
  ProgressReporter,
  systemClock,
} from '../../async/index.ts';
import { silentLogger } from '../../base/index.ts';
import { allocateBars, calendarOf, expectedBars, type Bars } from '../../market/index.ts';
import { assessInThread } from './assess-in-thread.ts';
import { assessQuality } from './quality.ts';

const series = { timeframe: '1m', calendar: 'us_equities' } as const;

function contextWith(token: CancellationToken): Parameters<typeof assessInThread>[1] {
  const progress = new ProgressReporter({ clock: systemClock, context: {}, emit: () => {} });
  return { id: 'test', attempt: 1, checkpoint: noCheckpoint, token, progress, log: silentLogger, clock: systemClock };
}

function minutes(): Bars {
  const { start } = expectedBars(calendarOf('us_equities'), '1m', {
    start: Date.UTC(2023, 0, 1),
    end: Date.UTC(2023, 6, 1),
  });
  const bars = { ...allocateBars(start.length), time: start };
  for (const column of [bars.open, bars.high, bars.low, bars.close]) column.fill(100);
  bars.close[30_000] = 107;
  bars.high[30_000] = 107;
  return bars;
}

it('assesses many bars in a thread as it does in place', { timeout: 20_000 }, async () => {
  const bars = minutes();
  const report = await assessInThread({ bars, ...series }, contextWith(CancellationToken.none));
  expect(report).toEqual(assessQuality(bars, series));
  expect(report.bars).toBeGreaterThan(40_000);
});

it('ends the thread when it is cancelled', { timeout: 20_000 }, async () => {
  using source = new CancellationSource();
  const assessing = assessInThread({ bars: minutes(), ...series }, contextWith(source.token));
  source.cancel('user');
  await expect(assessing).rejects.toMatchObject({ code: 'cancelled' });
});
