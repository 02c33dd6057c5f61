import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { CancellationToken } from '../../async/index.ts';
import { barsFromRows } from '../../market/index.ts';
import { readBarsFile } from './read-bars-file.ts';

/** Written by packed-files.py beside it. */
const folder = fileURLToPath(new URL('../../../test/fixtures/packed/', import.meta.url));
const packedBars = barsFromRows(
  Array.from({ length: 48 }, (_, index) => {
    const price = index % 8;
    return {
      time: Date.parse('2024-03-04T14:30Z') + index * 1_800_000,
      open: 100 + price,
      high: 101.5 + price,
      low: 99.25 + price,
      close: 100.5 + price,
      volume: 1_000 * (index % 5),
    };
  }),
);

it.each(readdirSync(folder))('reads what pandas and polars pack: %s', async (name) => {
  const options = { timeframe: '30m', token: CancellationToken.none, onProgress: () => {} } as const;
  const { bars, ignored } = await readBarsFile(`${folder}${name}`, options);
  expect(bars).toEqual(packedBars);
  expect(ignored).toEqual([]);
});
