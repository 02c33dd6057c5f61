import { KtrdrError } from '../../base/index.ts';
import { allocateBars, barColumns, sliceBars, type Bars } from '../../market/index.ts';
import { FileFault } from './file-fault.ts';
import type { FileColumns } from './header.ts';
import { NumberReader } from './number-reader.ts';
import { barStamp, parseStamp, type FileStamp, type StampOptions } from './stamps.ts';

/** A value of a file: text from a CSV, typed where the file has types. Null and the empty text mean that there is none. */
export type Cell = string | number | bigint | FileStamp | null | undefined;

/** Rows that a file holds as columns. Prices and volumes that are numbers throughout need no look at each cell. */
export interface ColumnBatch {
  readonly rows: number;
  /** A column as numbers, NaN where there is none; undefined when it is not one of numbers. */
  readonly numbers: (place: number) => ArrayLike<number> | undefined;
  readonly cell: (place: number, row: number) => Cell;
}

export interface CollectorOptions extends StampOptions {
  /** The row of the file that the first bar stands in, counted from 1. */
  readonly firstRow: number;
  /** A packed file may unpack to any size. Sixty years of minutes when absent, which take 1.6 GB. */
  readonly mostBars?: number | undefined;
  /** Rows without prices become bars of NaN, for whoever drops them. */
  readonly mayLackPrices?: boolean | undefined;
}

/** Gathers the rows of a file as bars. Only what can be said of one row is checked here. */
export class BarCollector {
  readonly #columns: FileColumns;
  readonly #options: CollectorOptions;
  readonly #numbers = new NumberReader();
  #bars: Bars = allocateBars(firstRoom);
  #instrument: string | undefined;
  #count = 0;

  constructor(columns: FileColumns, options: CollectorOptions) {
    this.#columns = columns;
    this.#options = options;
  }

  /** @throws FileFault for a stamp or number that is none. */
  add(cells: readonly Cell[]): void {
    const index = this.#count;
    if (index === this.#bars.time.length) this.#makeRoom(1);
    const { open, high, low, close, volume } = this.#columns;
    this.#sameInstrument(cells);
    this.#bars.time[index] = this.#time(cells);
    this.#bars.open[index] = this.#price(cells, open);
    this.#bars.high[index] = this.#price(cells, high);
    this.#bars.low[index] = this.#price(cells, low);
    this.#bars.close[index] = this.#price(cells, close);
    this.#bars.volume[index] = volume === undefined ? Number.NaN : this.#volume(cells, volume);
    this.#count += 1;
  }

  /** As `add` for each row. */
  addBatch({ rows, numbers, cell }: ColumnBatch): void {
    this.#makeRoom(rows);
    const { time, volume, instrument, names } = this.#columns;
    const looked = instrument === undefined ? time : [...time, instrument];
    const from = this.#count;
    const cells: Cell[] = Array.from(names, () => null);
    for (const column of barColumns) {
      const place = column === 'time' ? undefined : this.#columns[column];
      const values = place === undefined ? undefined : numbers(place);
      const target = this.#bars[column].subarray(from, from + rows);
      if (values !== undefined) target.set(values);
      for (let row = 0; row < rows; row += 1) {
        this.#count = from + row;
        if (column === 'time') {
          for (const each of looked) cells[each] = cell(each, row);
          this.#sameInstrument(cells);
          target[row] = this.#time(cells);
        } else if (place === undefined) {
          target[row] = Number.NaN;
        } else if (values === undefined) {
          cells[place] = cell(place, row);
          target[row] = place === volume ? this.#volume(cells, place) : this.#price(cells, place);
        } else if (place !== volume && Number.isNaN(target[row]) && !this.#mayLackPrices) {
          throw this.#noPrice(place);
        }
      }
    }
    this.#count = from + rows;
  }

  bars(): Bars {
    return sliceBars(this.#bars, 0, this.#count);
  }

  #makeRoom(rows: number): void {
    const { mostBars = 2 ** 25 } = this.#options;
    const needed = this.#count + rows;
    if (needed > mostBars)
      throw new FileFault({}, `it has more than ${mostBars.toLocaleString('en-US')} bars; import it in parts`);
    while (needed > this.#bars.time.length) this.#bars = grown(this.#bars);
  }

  #time(cells: readonly Cell[]): number {
    const { time: places, names } = this.#columns;
    const values = places.map((place) => cells[place]);
    const [value] = values;
    const shown = values
      .map((each) => (isStamp(each) ? new Date(each.ms).toISOString() : String(each ?? '')))
      .join(' ');
    try {
      const stamp = values.length === 1 && isStamp(value) ? value : parseStamp(shown, this.#options);
      return barStamp(stamp, this.#options);
    } catch (cause) {
      const column = places.map((place) => names[place] ?? '').join(' and ');
      throw new FileFault(
        { row: this.#row, column },
        `"${shown.slice(0, 40)}" ${KtrdrError.from(cause).message}`,
        cause,
      );
    }
  }

  #price(cells: readonly Cell[], place: number): number {
    const price = this.#number(cells, place);
    if (Number.isNaN(price) && !this.#mayLackPrices) throw this.#noPrice(place);
    return price;
  }

  #volume(cells: readonly Cell[], place: number): number {
    const cell = cells[place];
    const [, digits, unit = ''] = typeof cell === 'string' ? (shortened.exec(cell.trim()) ?? []) : [];
    return digits === undefined ? this.#number(cells, place) : Number(`${digits}e${shortPowers[unit.toUpperCase()]}`);
  }

  /** Bars of two instruments would look like one that leaps. */
  #sameInstrument(cells: readonly Cell[]): void {
    const { instrument: place } = this.#columns;
    if (place === undefined) return;
    const cell = cells[place];
    const name = typeof cell === 'string' ? cell : this.#instrument;
    this.#instrument ??= name;
    if (name === undefined || this.#instrument === undefined || name === this.#instrument) return;
    throw new FileFault(
      this.#at(place),
      `it is of "${name.slice(0, 40)}" where the rows before are of "${this.#instrument.slice(0, 40)}"; give each instrument a file of its own`,
    );
  }

  #noPrice(place: number): FileFault {
    return new FileFault(this.#at(place), 'there is no price ("--repair drop-broken" leaves such rows out)');
  }

  get #mayLackPrices(): boolean {
    return this.#options.mayLackPrices ?? false;
  }

  #number(cells: readonly Cell[], place: number): number {
    const cell = cells[place];
    if (typeof cell === 'number') return cell;
    if (typeof cell === 'bigint') return Number(cell);
    if (cell === null || cell === undefined || cell === '') return Number.NaN;
    if (typeof cell === 'string') return this.#numbers.read(cell, () => this.#at(place));
    throw new FileFault(this.#at(place), 'a value of another type is not a number');
  }

  #at(place: number): { row: number; column: string } {
    return { row: this.#row, column: this.#columns.names[place] ?? '' };
  }

  get #row(): number {
    return this.#options.firstRow + this.#count;
  }
}

const firstRoom = 1_024;

/** Thousands and more, as pages that show volumes write them. */
const shortened = /^(\d+(?:\.\d+)?) ?([KMB])$/i;
const shortPowers: Readonly<Record<string, number>> = { K: 3, M: 6, B: 9 };

function isStamp(cell: Cell): cell is FileStamp {
  return typeof cell === 'object' && cell !== null;
}

function grown(bars: Bars): Bars {
  const larger = allocateBars(bars.time.length * 2);
  for (const column of barColumns) larger[column].set(bars[column]);
  return larger;
}
