// The store of bars on the disk: reading a series of 100,000 minute bars, and adding 1,000 bars to it.
import { join } from 'node:path';
import { BarStore } from '../dist/data/index.js';
import { barCount, sliceBars } from '../dist/market/index.js';
import { walkedBars } from './support/bars.mjs';
import { formats, report, row } from './support/report.mjs';
import { withResources } from './support/resources.mjs';
import { interleaved, msEach } from './support/rounds.mjs';

const calendar = 'us_equities';
const key = { symbol: 'AAPL', timeframe: '1m' };
const count = 100_000;

await withResources(async ({ open, directory }) => {
  const store = open(await BarStore.open(join(directory, 'bars')));
  const bars = walkedBars({ calendar, timeframe: '1m', start: Date.UTC(2023, 6, 1), count: count + 1_000 });
  await store.append(key, { calendar, bars: sliceBars(bars, 0, count), confirmedEmpty: [] });
  const added = { calendar, bars: sliceBars(bars, count, count + 1_000), confirmedEmpty: [] };
  const year = { start: bars.time[count - 1_000], end: bars.time[count] };

  const values = await interleaved(
    {
      read: () => msEach(1, () => store.read(key)),
      readEnd: () => msEach(1, () => store.read(key, year)),
      stamps: () => msEach(1, () => store.stamps(key)),
      append: () => msEach(1, () => store.append(key, added)),
    },
    { rounds: 15, warmups: 3 },
  );
  const stored = barCount(await store.read(key));
  const rates = values.read.map((ms) => (stored * 1_000) / ms);
  report({
    title: `The bar store, ${count.toLocaleString('en-US')} bars of 1m in two yearly files`,
    rows: [
      row({ what: 'read all of them', ours: values.read, format: formats.ms }),
      row({ what: 'bars read', ours: rates, format: formats.perSecond }),
      row({ what: 'read the last 1,000', ours: values.readEnd, format: formats.ms }),
      row({ what: 'read the stamps alone', ours: values.stamps, format: formats.ms }),
      row({ what: 'append 1,000, durable', ours: values.append, format: formats.ms }),
    ],
  });
});
