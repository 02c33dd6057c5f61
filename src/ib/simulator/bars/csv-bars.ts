import { KtrdrError } from '../../../base/index.ts';
import type { Bars } from '../../../market/index.ts';

/** The series of one file by kind of data: `TRADES`, or `BID`, `ASK` and their mean `MIDPOINT`. */
export type SeriesByKind = Readonly<Record<string, Bars>>;

const prices = ['open', 'high', 'low', 'close'] as const;

/**
 * Reads bars from CSV text with a header. The first column is `timestamp` (ISO 8601, UTC, start of the bar) for intraday bars
 * and `date` for daily ones. Prices are `open,high,low,close` with an optional `volume`, or each of the four prices with
 * `bid_` and with `ask_` before it; other columns are passed over. Values are kept exactly as written.
 * @throws KtrdrError `invalid_input` naming the file and the line.
 */
export function parseBarsCsv(text: string, { file, daily }: { file: string; daily: boolean }): SeriesByKind {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const header = (lines[0] ?? '').split(',');
  const wrong = (line: number, what: string): KtrdrError =>
    new KtrdrError('invalid_input', `${file}, line ${line}: ${what}.`, { details: { file, line } });

  const timeColumn = daily ? 'date' : 'timestamp';
  if (header[0] !== timeColumn) throw wrong(1, `the first column must be "${timeColumn}", not "${header[0] ?? ''}"`);
  const quoted = header.includes('bid_open');
  const names = quoted ? ['bid_', 'ask_'].flatMap((side) => prices.map((price) => side + price)) : [...prices];
  if (!quoted && header.includes('volume')) names.push('volume');
  const places = names.map((name) => header.indexOf(name));
  const missing = names.find((_, index) => places[index] === -1);
  if (missing !== undefined) throw wrong(1, `the column "${missing}" is missing`);

  const count = lines.length - 1;
  const time = new Float64Array(count);
  const columns = names.map(() => new Float64Array(count));
  let previous = -Infinity;
  for (let row = 0; row < count; row += 1) {
    const cells = (lines[row + 1] ?? '').split(',');
    if (cells.length !== header.length)
      throw wrong(row + 2, `${cells.length} values where the header names ${header.length}`);
    const at = parseTime(cells[0] ?? '', daily);
    if (Number.isNaN(at))
      throw wrong(
        row + 2,
        `"${cells[0] ?? ''}" is not a ${daily ? 'date such as 2021-03-31' : 'UTC time such as 2021-03-31T14:00:00Z'}`,
      );
    if (at <= previous) throw wrong(row + 2, `"${cells[0] ?? ''}" does not come after the line before it`);
    time[row] = at;
    previous = at;
    for (const [index, column] of columns.entries()) {
      const cell = cells[places[index] ?? 0] ?? '';
      const value = cell.trim() === '' ? Number.NaN : Number(cell);
      if (!Number.isFinite(value)) throw wrong(row + 2, `"${cell}" in column "${names[index] ?? ''}" is not a number`);
      column[row] = value;
    }
  }
  return quoted ? quoteSeries(time, columns) : { TRADES: seriesOf(time, columns) };
}

function parseTime(text: string, daily: boolean): number {
  const form = daily ? /^\d{4}-\d\d-\d\d$/ : /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
  return form.test(text) ? Date.parse(text) : Number.NaN;
}

function quoteSeries(time: Float64Array, columns: readonly Float64Array[]): SeriesByKind {
  const bid = columns.slice(0, 4);
  const ask = columns.slice(4);
  const middle = bid.map((column, index) => column.map((value, row) => mean(value, ask[index]?.[row] ?? value)));
  return { BID: seriesOf(time, bid), ASK: seriesOf(time, ask), MIDPOINT: seriesOf(time, middle) };
}

/** A mean of two prices needs one decimal more than they have; rounding there takes away the binary dust. */
function mean(a: number, b: number): number {
  return Math.round(((a + b) / 2) * 1e8) / 1e8;
}

function seriesOf(time: Float64Array, columns: readonly Float64Array[]): Bars {
  const none = new Float64Array(time.length).fill(Number.NaN);
  const [open = none, high = none, low = none, close = none, volume = none] = columns;
  return { time, open, high, low, close, volume };
}
