import type { BarColumn } from '../../market/index.ts';
import { FileFault } from './file-fault.ts';

/** Which column of a file holds what. */
export interface FileColumns {
  /** Two when date and time of day stand apart. */
  readonly time: readonly number[];
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** What the row is of, where the file says so. */
  readonly instrument: number | undefined;
  /** Absent in files of markets without volume. */
  readonly volume: number | undefined;
  /** Names that mean nothing to a bar. */
  readonly ignored: readonly string[];
  readonly names: readonly string[];
}

/** The names that files give their columns, without case and signs. */
const names: Readonly<Record<BarColumn | 'date' | 'clock' | 'index' | 'instrument', readonly string[]>> = {
  time: [
    'timestamp',
    'datetime',
    'ts',
    'opentime',
    'windowstart',
    'tsevent',
    'gmttime',
    'localtime',
    'datetimeutc',
    'unix',
    'unixtime',
    'epoch',
    'unixtimestamp',
    't',
  ],
  date: ['date', 'day', 'dateutc', 'tradedate'],
  // Beside a date it is the time of day; alone it is a stamp.
  clock: ['time', 'timeutc'],
  // Of a data frame, as CSV and Parquet name one without a name: a stamp where nothing else is, else row numbers.
  index: ['index', 'indexlevel', ''],
  open: ['open', 'o', 'openprice'],
  high: ['high', 'h', 'highprice'],
  low: ['low', 'l', 'lowprice'],
  close: ['close', 'c', 'closeprice', 'last', 'closelast', 'price'],
  volume: ['volume', 'v', 'vol'],
  instrument: ['ticker', 'symbol', 'instrument', 'tic', 'name'],
};

/**
 * Finds the columns of bars by their names.
 * @throws FileFault when one is missing or there twice.
 */
export function findColumns(header: readonly string[]): FileColumns {
  const plain = header.map((name) =>
    /[a-z]/i.test(name) ? name.toLowerCase().replaceAll(/[^a-z]/g, '') : name.trim(),
  );
  const claimed = new Set<number>();
  const placeOf = (column: keyof typeof names): number | undefined => {
    // The first name of the list that occurs.
    const known = names[column].find((name) => plain.includes(name));
    if (known === undefined) return undefined;
    const place = plain.indexOf(known);
    if (plain.lastIndexOf(known) !== place) throw wrong(`has two columns "${header[place]}"`);
    claimed.add(place);
    return place;
  };
  const needed = (column: 'open' | 'high' | 'low' | 'close'): number => {
    const place = placeOf(column);
    if (place === undefined) throw wrong(`has no column "${column}"; it has ${listed(header)}`);
    return place;
  };
  if (header.length > 0 && !header.some((name) => /[a-z]/i.test(name))) {
    throw new FileFault({ row: 1 }, `it names no columns; put a row such as ${exampleHeader} above the bars`);
  }
  const stamp = placeOf('time');
  const apart = stamp === undefined ? [placeOf('date'), placeOf('clock')] : [];
  const named = [stamp, ...apart].filter((place) => place !== undefined);
  const index = named.length === 0 ? placeOf('index') : undefined;
  const time = index === undefined ? named : [index];
  if (time.length === 0) {
    throw wrong(
      `has no column "time", "timestamp" or "date"; it has ${listed(header)}. Let the file begin with one row of names, such as ${exampleHeader}`,
    );
  }
  const instrument = plain.findIndex((name) => names.instrument.includes(name));
  return {
    time,
    open: needed('open'),
    high: needed('high'),
    low: needed('low'),
    close: needed('close'),
    volume: placeOf('volume'),
    instrument: instrument === -1 ? undefined : instrument,
    ignored: header.filter((_, index) => !claimed.has(index)),
    names: header,
  };
}

const exampleHeader = '"date,open,high,low,close,volume"';

function listed(header: readonly string[]): string {
  const shown = header.slice(0, 12).map((name) => `"${name.slice(0, 40)}"`);
  return header.length > shown.length
    ? `${shown.join(', ')} and ${header.length - shown.length} more`
    : shown.join(', ');
}

function wrong(what: string): FileFault {
  return new FileFault({}, `its header ${what}`);
}
