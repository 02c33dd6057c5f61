// Files of a million bars: written, and read as an import reads them; and eight million stored by one append.
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { walkedBars } from '../dist/apps/cli/commands/bench-inputs.js';
import { CancellationToken } from '../dist/async/index.js';
import { concatBars, sliceBars } from '../dist/market/index.js';
import { BarStore } from '../dist/data/bar-store/index.js';
import { exportFormats } from '../dist/data/choices.js';
import { assessQuality } from '../dist/data/quality/quality.js';
import { checkImport } from '../dist/data/transfer/check-import.js';
import { encodeBars } from '../dist/data/transfer/encode-bars.js';
import { importBars } from '../dist/data/transfer/import-bars.js';
import { importFile } from '../dist/data/transfer/import-work.js';
import { readBarsFile } from '../dist/data/transfer/read-bars-file.js';
import { pythonPeer, withoutPython } from './support/python.mjs';
import { atMost, formats, report, row } from './support/report.mjs';
import { withResources } from './support/resources.mjs';
import { interleaved, msEach, msOf } from './support/rounds.mjs';
import { runContext } from './support/run-context.mjs';
import { sized } from './support/smoke.mjs';

const count = sized(1_000_000, 3_000);
const series = { timeframe: '1m', calendar: 'us_equities' };
const pageLength = 100_000;
const rounds = { rounds: 5, warmups: 1 };
const longestTurnMs = 50;

await withResources(async ({ open, directory }) => {
  const bars = walkedBars({ ...series, start: Date.UTC(2008, 0, 1), count });
  const closes = sumOf(bars.close);
  const pathOf = (format) => join(directory, `bars.${format}`);
  const write = (format) =>
    pipeline(
      Readable.from(encodeBars(pagesOf(bars), { format, timeframe: series.timeframe })),
      createWriteStream(pathOf(format)),
    );
  const read = async (format) => {
    const options = { timeframe: series.timeframe, token: CancellationToken.none, onProgress: () => {} };
    const file = await readBarsFile(pathOf(format), options);
    const checked = checkImport(file.bars, { ...series, now: Date.now() }, (index) => index);
    // A bench that reads something else fast proves nothing.
    if (sumOf(checked.bars.close) !== closes) throw new Error(`The bars of ${format} are not those that were written.`);
  };
  for (const format of exportFormats) await write(format);
  const peer = await pythonPeer('files', Object.fromEntries(exportFormats.map((format) => [format, pathOf(format)])));
  if (peer !== undefined) open(peer);

  const rows = [];
  for (const format of exportFormats) {
    const competitors = {
      written: () => msEach(1, () => write(format)),
      read: () => msEach(1, () => read(format)),
      ...(peer === undefined ? {} : { pandas: () => timesOf(peer, format) }),
    };
    const values = await interleaved(competitors, rounds);
    rows.push(row({ what: `${format}, written`, ours: values.written, format: formats.ms }));
    const beside = values.pandas === undefined ? {} : { peer: values.pandas };
    rows.push(
      row({ what: `${format}, read and checked (pandas: read)`, ours: values.read, format: formats.ms, ...beside }),
    );
  }
  const { quality } = await interleaved({ quality: () => msOf(() => assessQuality(bars, series)) }, rounds);
  rows.push(row({ what: 'quality of as many bars, in its thread', ours: quality, format: formats.ms }));
  const key = { symbol: 'SPY', timeframe: series.timeframe };
  const store = open(await BarStore.open(join(directory, 'store')));
  const input = { ...key, path: pathOf('parquet'), check: true };
  const turns = monitorEventLoopDelay({ resolution: 1 });
  turns.enable();
  const longestTurn = async () => {
    turns.reset();
    await importFile(input, runContext(importBars, input), { store, key, usualCalendar: series.calendar });
    return turns.max / 1e6;
  };
  const { turn } = await interleaved({ turn: longestTurn }, rounds);
  const limit = atMost(longestTurnMs);
  rows.push(row({ what: 'longest turn of the process that checks an import', ours: turn, format: formats.ms, limit }));
  const many = manyBars();
  const storing = { stored: [], turn: [] };
  const storeMany = async () => {
    const fresh = { ...key, symbol: `STORED ${storing.turn.length}` };
    turns.reset();
    const ms = await msEach(1, () => store.append(fresh, { calendar: 'currencies', bars: many, confirmedEmpty: [] }));
    storing.turn.push(turns.max / 1e6);
    storing.stored.push(ms);
    await store.remove(fresh, { start: -Infinity, end: Infinity });
  };
  await interleaved({ storeMany }, { rounds: 5, warmups: 0 });
  const name = `${many.time.length.toLocaleString('en-US')} bars`;
  rows.push(row({ what: `${name} stored by one append`, ours: storing.stored, format: formats.ms }));
  rows.push(row({ what: `longest turn of the process meanwhile`, ours: storing.turn, format: formats.ms, limit }));
  report({
    title: 'Files of a million bars',
    rows,
    notes: [
      'Ours checks each bar (order, prices, timeframe, time) and keeps the row of what is wrong; the peer only parses.',
      peer === undefined ? withoutPython : `The peer: ${peer.ready.versions}.`,
    ],
  });
});

/** Two walks of minutes, one behind the other: twenty years and more. */
function manyBars() {
  const walk = { timeframe: '1m', calendar: 'currencies', count: sized(4_000_000, 3_000) };
  return concatBars([2000, 2012].map((year) => walkedBars({ ...walk, start: Date.UTC(year, 0, 1) })));
}

async function* pagesOf(bars) {
  for (let from = 0; from < count; from += pageLength) yield sliceBars(bars, from, from + pageLength);
}

function sumOf(column) {
  return column.reduce((sum, value) => sum + value, 0);
}

async function timesOf(peer, format) {
  const { ms, result } = await peer.run(format);
  if (result !== count) throw new Error(`pandas read ${result} bars of ${format}.`);
  return ms;
}
