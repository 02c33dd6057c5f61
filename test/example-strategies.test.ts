import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CancellationToken, noCheckpoint, ProgressReporter, systemClock } from '../src/async/index.ts';
import { silentLogger } from '../src/base/index.ts';
import { parseStrategy, resolvePlan, type Strategy } from '../src/strategies/index.ts';
import { walk } from '../src/samples/random-walk.fixture.ts';
import { chooseBackend } from '../src/training/backends.ts';
import { beginContext } from '../src/training/train-model.ts';
import { trainOnBars } from '../src/training/train-on-bars.ts';

const folder = new URL('../examples/strategies/', import.meta.url);
const examples = readdirSync(folder).map((file) => ({ file, text: readFileSync(new URL(file, folder), 'utf8') }));

/** As it is, but for the epochs. */
function short(text: string): Strategy {
  return parseStrategy(text.replace(/^ {2}epochs: \d+/m, '  epochs: 2'));
}

describe('the examples of strategies', () => {
  it('are all named after their files, and none is complained of', () => {
    expect(examples.length).toBeGreaterThan(3);
    for (const { file, text } of examples) {
      const { name, warnings } = parseStrategy(text, file);
      expect(name).toBe(basename(file, '.yaml'));
      expect(warnings).toEqual([]);
    }
  });

  it.each(examples.map(({ file, text }) => [file, text]))('train: %s', async (_, text) => {
    const plan = resolvePlan(short(text));
    const symbols = plan.symbols.map((symbol, index) => ({
      symbol,
      calendar: 'us_equities' as const,
      series: plan.timeframes.map((timeframe) => ({
        timeframe,
        bars: walk({ seed: 11 + index, timeframe, count: timeframe === '1d' ? 1_500 : 3_000 }),
      })),
    }));
    const progress = new ProgressReporter({ clock: systemClock, context: beginContext(plan), emit: () => {} });
    const { epochsTrained, rows, weightsSha256 } = await trainOnBars(
      { plan, symbols, backend: chooseBackend('auto', plan.strategy.model.type) },
      {
        id: 'op',
        token: CancellationToken.none,
        progress,
        clock: systemClock,
        log: silentLogger,
        checkpoint: noCheckpoint,
      },
    );
    expect(epochsTrained).toBe(2);
    expect(rows.test).toBeGreaterThan(0);
    expect(weightsSha256).toMatch(/^[0-9a-f]{64}$/);
  });
});
