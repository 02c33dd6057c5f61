import { KtrdrError } from '../base/index.ts';
import type { OperationWork } from '../operations/index.ts';
import { loadBars, type LoadBarsInput } from './load-bars.ts';
import { seriesToLoad, type LoadSeriesContext, type LoadSeriesInput, type LoadSeriesResult } from './load-series.ts';

/** More at once would only wait for each other at the source, which answers one request after the other. */
const atOnce = 4;

/**
 * Loads each series as a child of its own, once, whatever the spellings of its symbol. One that fails does not hold up the others.
 * @throws KtrdrError what the first one failed with, when all did.
 */
export const loadEachSeries =
  (nameOf: (symbol: string) => string): OperationWork<LoadSeriesInput, LoadSeriesContext, LoadSeriesResult> =>
  async (input, { children, progress, token }) => {
    const loads = seriesToLoad({ ...input, symbols: input.symbols.map(nameOf) });
    const ends: LoadSeriesResult['series'] = loads.map(({ symbol, timeframe }) => ({ symbol, timeframe }));
    const errors: KtrdrError[] = [];
    let done = 0;
    progress.report({ phase: 'loading', done, total: loads.length });

    const loadOne = async (load: LoadBarsInput, index: number): Promise<void> => {
      const { symbol, timeframe } = load;
      try {
        const result = await children.run(loadBars, load, { weight: 1 / loads.length, id: `${index + 1}` });
        ends[index] = { symbol, timeframe, result };
      } catch (thrown) {
        token.throwIfCancelled('the loading of several series');
        const error = KtrdrError.from(thrown);
        errors.push(error);
        ends[index] = { symbol, timeframe, error: error.toProblem() };
      }
      done += 1;
      progress.report({ done, total: loads.length, context: { failed: errors.length } });
    };

    const waiting = loads.entries();
    const inTurn = async (): Promise<void> => {
      for (const [index, load] of waiting) await loadOne(load, index);
    };
    await Promise.all(Array.from({ length: atOnce }, inTurn));
    const [first] = errors;
    if (first !== undefined && errors.length === loads.length) throw first;
    return { series: ends };
  };
