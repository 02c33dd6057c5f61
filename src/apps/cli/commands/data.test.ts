import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import type { LoadBarsResult } from '../../../data/index.ts';
import { loadSummary } from './data.ts';

const at = (text: string): number => Date.parse(text);
const loaded: LoadBarsResult = {
  symbol: 'BRK B',
  timeframe: '1d',
  mode: 'tail',
  loaded: { bars: 2, segments: 1 },
  stored: { bars: 502, first: at('2022-01-03'), last: at('2024-01-03') },
  coverage: { expected: 2, present: 2, confirmedEmpty: 0, missing: 0 },
  gaps: [],
};

const summaryOf = (result: LoadBarsResult): string => stripVTControlCharacters(loadSummary(result));

it('a load that met prices of before a split says where, and which commands load all of them anew', () => {
  expect(summaryOf(loaded)).not.toContain('split');
  expect(summaryOf({ ...loaded, probableSplits: [{ at: at('2024-01-02'), split: '50:1' }] })).toBe(
    `${summaryOf(loaded)}
  probable split: 50:1 at 2024-01-02, where the bars that were stored have the prices of before it
  to load all of them anew: ktrdr data delete 'BRK B' -t 1d --yes && ktrdr data load 'BRK B' -t 1d --mode full --start 2022-01-03`,
  );
});
