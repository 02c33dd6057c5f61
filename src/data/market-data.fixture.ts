import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { barsFromRows, type Bars } from '../market/index.ts';

/** Real market data beside the project; see its own README. */
export const marketData = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

export const hasMarketData = existsSync(marketData);

/** The rows of a bar file as they stand in it. */
export async function readMarketData(name: string): Promise<Bars> {
  const [, ...lines] = (await readFile(`${marketData}${name}`, 'utf8')).trim().split('\n');
  return barsFromRows(
    lines.map((line) => {
      const [stamp = '', ...numbers] = line.split(',');
      const [open = 0, high = 0, low = 0, close = 0, volume = 0] = numbers.map(Number);
      return { time: Date.parse(stamp), open, high, low, close, volume };
    }),
  );
}
