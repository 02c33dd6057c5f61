// The store of bars on the disk: reading a million bars against pandas and its CSV, one day out of many, and adding one
// bar to a series however long it is.
import { open as openFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BarStore } from '../dist/data/index.js';
import { allocateBars, barCount, sliceBars } from '../dist/market/index.js';
import { createRandom } from '../dist/nn/index.js';
import { pythonPeer, withoutPython } from './support/python.mjs';
import { atLeast, atMost, formats, report, row } from './support/report.mjs';
import { withResources } from './support/resources.mjs';
import { interleaved, msEach } from './support/rounds.mjs';
import { sized } from './support/smoke.mjs';

const calendar = 'currencies';
const minute = 60_000;
const day = 1_440 * minute;
const start = Date.UTC(2004, 0, 1);
/** Or what stands for it in a smoke run. */
const million = sized(1_000_000, 5_000);
const sizes = { '100,000': million / 10, '1,000,000': million, '10,000,000': 10 * million };

await withResources(async ({ open, directory }) => {
  const store = open(await BarStore.open(join(directory, 'bars')));
  const nextBar = await fill(store);
  const csv = join(directory, 'bars.csv');
  await writeCsv(csv, await store.read(keyOf('1,000,000')));
  const pandas = await pythonPeer('store', { csv });
  if (pandas !== undefined) open(pandas);

  const read = await interleaved(
    {
      ours: () => msEach(1, () => store.read(keyOf('1,000,000'))),
      stamps: () => msEach(1, () => store.stamps(keyOf('1,000,000'))),
      ...(pandas === undefined
        ? {}
        : { dates: () => timeOf(pandas, 'dates'), numbers: () => timeOf(pandas, 'numbers') }),
    },
    { rounds: 7, warmups: 2 },
  );
  const slices = await interleaved(
    {
      '1,000,000': () => msEach(20, () => store.read(keyOf('1,000,000'), someDay(million))),
      '10,000,000': () => msEach(20, () => store.read(keyOf('10,000,000'), someDay(10 * million))),
    },
    { rounds: 9, warmups: 2 },
  );
  const appends = await interleaved(
    Object.fromEntries(
      Object.keys(sizes).map((size) => [
        size,
        () => msEach(20, () => store.append(keyOf(size), { calendar, bars: nextBar[size](1), confirmedEmpty: [] })),
      ]),
    ),
    { rounds: 15, warmups: 2 },
  );
  const saves = await interleaved({
    save: () =>
      msEach(1, () =>
        store.append(keyOf('100,000'), { calendar, bars: nextBar['100,000'](1_000), confirmedEmpty: [] }),
      ),
  });
  const unchanged = {
    snapshot: () => msEach(1, () => store.snapshot(keyOf('10,000,000'), { start, end: start + 15e6 * minute })),
  };
  const snapshots = await interleaved(unchanged);

  report({
    title: 'The bar store, bars of 1m in yearly files',
    rows: [
      ...(pandas === undefined
        ? [row({ what: 'read 1,000,000 bars', ours: read.ours, format: formats.ms })]
        : [
            row({
              what: 'read 1,000,000 bars; pandas.read_csv, times as text',
              ours: read.ours,
              peer: read.dates,
              format: formats.ms,
              limit: atLeast(20),
            }),
            row({
              what: 'read 1,000,000 bars; pandas.read_csv, times as numbers',
              ours: read.ours,
              peer: read.numbers,
              format: formats.ms,
              limit: atLeast(20),
            }),
          ]),
      row({ what: 'read the stamps of 1,000,000 alone', ours: read.stamps, format: formats.ms }),
      row({ what: 'read one day out of 1,000,000', ours: slices['1,000,000'], format: formats.ms }),
      row({
        what: 'one day out of 10,000,000; out of 1,000,000',
        ours: slices['10,000,000'],
        peer: slices['1,000,000'],
        format: formats.ms,
        limit: atMost(2),
      }),
      ...Object.keys(sizes).map((size) =>
        row({ what: `append one bar to ${size}, durable`, ours: appends[size], format: formats.ms, limit: atMost(5) }),
      ),
      row({ what: 'append 1,000 to 100,000: a save of the year', ours: saves.save, format: formats.ms }),
      row({ what: 'snapshot of 10,000,000', ours: snapshots.snapshot, format: formats.ms }),
    ],
    notes: [pandas === undefined ? withoutPython : `The peer: ${pandas.ready.versions}.`],
  });
});

function keyOf(size) {
  return { symbol: `SIZE ${size}`, timeframe: '1m' };
}

/** Another day in each call, somewhere in the middle of the series. */
function someDay(count) {
  const from = start + count * minute * (0.3 + 0.4 * Math.random());
  return { start: from, end: from + day };
}

/** Fills a series of each size; returns for each a function that makes the bars that come next. */
async function fill(store) {
  const nextBar = {};
  for (const [size, count] of Object.entries(sizes)) {
    const walk = walker();
    nextBar[size] = walk;
    for (let done = 0; done < count; done += million) {
      const bars = walk(Math.min(million, count - done));
      await store.append(keyOf(size), { calendar, bars, confirmedEmpty: [] });
    }
  }
  return nextBar;
}

/** Bars minute after minute, prices in cents. */
function walker() {
  const random = createRandom(7);
  let time = start;
  let cents = 1_000_000;
  return (count) => {
    const bars = allocateBars(count);
    for (let index = 0; index < count; index += 1, time += minute) {
      const before = cents;
      cents = Math.max(1_000, cents + Math.round(3 * random.normal()));
      bars.time[index] = time;
      bars.open[index] = before / 100;
      bars.close[index] = cents / 100;
      bars.high[index] = (Math.max(before, cents) + 2) / 100;
      bars.low[index] = (Math.min(before, cents) - 2) / 100;
      bars.volume[index] = 1_000 + (index % 97);
    }
    return bars;
  };
}

async function writeCsv(path, bars) {
  const file = await openFile(path, 'w');
  await file.write('time,number,open,high,low,close,volume\n');
  for (let from = 0; from < barCount(bars); from += 100_000) {
    const { time, open, high, low, close, volume } = sliceBars(bars, from, from + 100_000);
    const lines = Array.from(time, (stamp, index) =>
      [new Date(stamp).toISOString(), stamp, open[index], high[index], low[index], close[index], volume[index]].join(
        ',',
      ),
    );
    await file.write(`${lines.join('\n')}\n`);
  }
  await file.close();
}

/** What the peer read must be all of it. */
async function timeOf(peer, what) {
  const { ms, result } = await peer.run(what);
  if (result !== million) throw new Error(`pandas read ${result} bars.`);
  return ms;
}
