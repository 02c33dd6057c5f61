import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KtrdrError, whyNot } from '../../../base/index.ts';
import {
  barCount,
  barsInRange,
  calendarOf,
  concatBars,
  dayMs,
  emptyBars,
  isIntraday,
  parseTimeframe,
  sliceBars,
  timeframeMs,
  timeframes,
  type Bars,
} from '../../../market/index.ts';
import type { BarQuery, BarSource } from './bar-source.ts';
import { parseBarsCsv } from './csv-bars.ts';
import { currenciesOf, currencyPair, stock, type Instrument } from '../instruments/instruments.ts';
import { keyOf } from './random.ts';
import { tradingSessions } from '../instruments/trading-hours.ts';
import { offsetOf } from '../protocol/wire-time.ts';

/** The instruments of a gateway and their bars. */
export interface Market {
  readonly instruments: readonly Instrument[];
  readonly source: BarSource;
}

/**
 * Reads `<SYMBOL>_<timeframe>*.csv` files and lays them over a market: instruments that have files are served from these
 * alone, all others as before. A symbol of two currencies (`EURUSD`, `EUR.USD`) is a pair, any other a US stock.
 * @throws KtrdrError `not_found` without the directory, `invalid_input` for a file that is malformed, for two files with
 * the same data, and for a directory that holds no such file.
 */
export async function loadReplay(directory: string, { instruments, source }: Market): Promise<Market> {
  const known = [...instruments];
  const recorded: RecordedSeries[] = [];
  for (const { file, symbol, timeframe } of await replayFiles(directory)) {
    const daily = !isIntraday(timeframe);
    const path = join(directory, file);
    const series = parseBarsCsv(await readFile(path, 'utf8'), { file: path, daily });
    const instrument = instrumentFor(symbol, known);
    for (const [kind, bars] of Object.entries(series)) {
      // A pair has no trades: its single series is that of its middle price.
      const whatToShow = kind === 'TRADES' && instrument.secType === 'CASH' ? 'MIDPOINT' : kind;
      const entry = { conId: instrument.conId, barMs: timeframeMs(timeframe), daily, whatToShow, bars, path };
      const other = recorded.find((candidate) => sameSeries(candidate, entry));
      if (other !== undefined) {
        throw new KtrdrError(
          'invalid_input',
          `${path} and ${other.path} both hold ${timeframe} ${whatToShow} bars of ${symbol}; keep one of them.`,
        );
      }
      recorded.push(entry);
    }
  }
  if (recorded.length === 0) {
    throw new KtrdrError(
      'invalid_input',
      `${directory} holds nothing to replay; its files must be named <SYMBOL>_<timeframe>*.csv, such as SPY_1h.csv.`,
    );
  }
  return { instruments: known, source: new ReplayBars(recorded, source) };
}

interface RecordedSeries {
  readonly conId: number;
  readonly barMs: number;
  readonly daily: boolean;
  readonly whatToShow: string;
  readonly bars: Bars;
  readonly path: string;
}

/** Serves recorded rows as they are; what was not recorded of a recorded instrument does not exist. */
class ReplayBars implements BarSource {
  readonly #recorded: readonly RecordedSeries[];
  readonly #others: BarSource;

  constructor(recorded: readonly RecordedSeries[], others: BarSource) {
    this.#recorded = recorded;
    this.#others = others;
  }

  first(instrument: Instrument, whatToShow: string): number | undefined {
    const own = this.#of(instrument);
    if (own.length === 0) return this.#others.first(instrument, whatToShow);
    const starts = own
      .filter((series) => series.whatToShow === whatToShow && barCount(series.bars) > 0)
      .map(({ daily, bars }) => {
        const [time = 0] = bars.time;
        return daily ? openingOf(instrument, time) : time;
      });
    return starts.length > 0 ? Math.min(...starts) : undefined;
  }

  bars(query: BarQuery): Bars {
    const { instrument, barSize, whatToShow } = query;
    const own = this.#of(instrument);
    if (own.length === 0) return this.#others.bars(query);
    const series = own.find((candidate) => candidate.barMs === barSize.ms && candidate.whatToShow === whatToShow);
    if (series === undefined) return emptyBars;
    return series.daily ? dailyRows(series.bars, query) : intradayRows(series.bars, query);
  }

  *pieces(query: BarQuery): Generator<Bars, void, undefined> {
    if (this.#of(query.instrument).length === 0) return yield* this.#others.pieces(query);
    const bars = this.bars(query);
    for (let from = 0; from < barCount(bars); from += pieceBars) {
      yield sliceBars(bars, from, Math.min(from + pieceBars, barCount(bars)));
    }
  }

  #of(instrument: Instrument): RecordedSeries[] {
    return this.#recorded.filter(({ conId }) => conId === instrument.conId);
  }
}

/** Written at once, without giving way to others. */
const pieceBars = 5000;

/** 09:30 to 16:00. Recorded feeds hold late prints of days that closed early; what was recorded is served. */
const fullSessionMs = 6.5 * 3_600_000;

function dailyRows(bars: Bars, { instrument, window, regularHoursOnly }: BarQuery): Bars {
  const sessions = tradingSessions(instrument, window, { regularHoursOnly });
  const [first] = sessions;
  const last = sessions.at(-1);
  return first === undefined || last === undefined
    ? emptyBars
    : barsInRange(bars, { start: first.date, end: last.date + dayMs });
}

/**
 * A row belongs to a window, and to a session, when its cell of the local clock's grid overlaps it: feeds differ in
 * whether they stamp the hour that holds an opening at half past nine with the hour or with the opening.
 */
function intradayRows(bars: Bars, { instrument, barSize, window, regularHoursOnly }: BarQuery): Bars {
  const { zone } = calendarOf(instrument.calendar);
  const cellStart = (instant: number): number => {
    const offset = offsetOf(instant, zone);
    return Math.floor((instant + offset) / barSize.ms) * barSize.ms - offset;
  };
  const within = barsInRange(bars, { start: cellStart(window.start), end: window.end });
  if (!regularHoursOnly || instrument.secType === 'CASH') return within;
  const sessions = tradingSessions(
    instrument,
    { start: window.start - barSize.ms, end: window.end },
    { regularHoursOnly },
  );
  return concatBars(
    sessions.map(({ open, close }) =>
      barsInRange(within, { start: cellStart(open), end: Math.max(close, open + fullSessionMs) }),
    ),
  );
}

/** The instant at which the session of a date begins; the date's midnight when there was none. */
function openingOf(instrument: Instrument, date: number): number {
  const sessions = tradingSessions(
    instrument,
    { start: date - dayMs, end: date + 2 * dayMs },
    { regularHoursOnly: true },
  );
  return sessions.find((session) => session.date === date)?.open ?? date;
}

function sameSeries(a: RecordedSeries, b: RecordedSeries): boolean {
  return a.conId === b.conId && a.barMs === b.barMs && a.whatToShow === b.whatToShow;
}

async function replayFiles(directory: string) {
  const pattern = new RegExp(`^([A-Z0-9][A-Z0-9.-]*)_(${timeframes.join('|')})(?:_.*)?\\.csv$`);
  const names = await readdir(directory).catch((cause: unknown) => {
    const why = whyNot('list', cause);
    throw new KtrdrError('not_found', `The replay directory ${directory} cannot be read: ${why}.`, { cause });
  });
  return names.sort().flatMap((file) => {
    const [, symbol, timeframe] = pattern.exec(file) ?? [];
    return symbol === undefined || timeframe === undefined
      ? []
      : [{ file, symbol, timeframe: parseTimeframe(timeframe) }];
  });
}

/** The instrument of a file's symbol; one that is not known yet joins the known ones. */
function instrumentFor(symbol: string, known: Instrument[]): Instrument {
  const pair = currenciesOf(symbol);
  const localSymbol = pair?.join('.') ?? symbol;
  const found = known.find((instrument) => instrument.localSymbol === localSymbol);
  if (found !== undefined) return found;
  let conId = 900_000_000 + (keyOf(localSymbol) & 0xff_ffff);
  while (known.some((instrument) => instrument.conId === conId)) conId += 1;
  const created = pair === undefined ? stock({ conId, symbol, longName: symbol }) : currencyPair(...pair, { conId });
  known.push(created);
  return created;
}
