import { KtrdrError } from '../../base/index.ts';
import { allocateBars, barColumns, sliceBars, type Bars } from '../../market/index.ts';
import { FileFault } from './file-fault.ts';
import type { FileColumns } from './header.ts';
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
}

/** Gathers the rows of a file as bars. Only what can be said of one row is checked here. */
export class BarCollector {
  readonly #columns: FileColumns;
  readonly #options: CollectorOptions;
  #bars: Bars = allocateBars(firstRoom);
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
    this.#bars.time[index] = this.#time(cells);
    this.#bars.open[index] = this.#price(cells, open);
    this.#bars.high[index] = this.#price(cells, high);
    this.#bars.low[index] = this.#price(cells, low);
    this.#bars.close[index] = this.#price(cells, close);
    this.#bars.volume[index] = volume === undefined ? Number.NaN : this.#number(cells, volume);
    this.#count += 1;
  }

  /** As `add` for each row. */
  addBatch({ rows, numbers, cell }: ColumnBatch): void {
    this.#makeRoom(rows);
    const { time, volume, names } = this.#columns;
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
          for (const each of time) cells[each] = cell(each, row);
          target[row] = this.#time(cells);
        } else if (place === undefined) {
          target[row] = Number.NaN;
        } else if (values === undefined) {
          cells[place] = cell(place, row);
          target[row] = place === volume ? this.#number(cells, place) : this.#price(cells, place);
        } else if (place !== volume && Number.isNaN(target[row])) {
          throw new FileFault(this.#at(place), 'there is no price');
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
      const stamp = values.length === 1 && isStamp(value) ? value : parseStamp(shown);
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
    if (Number.isNaN(price)) throw new FileFault(this.#at(place), 'there is no price');
    return price;
  }

  #number(cells: readonly Cell[], place: number): number {
    const cell = cells[place];
    if (typeof cell === 'number') return cell;
    if (typeof cell === 'bigint') return Number(cell);
    if (cell === null || cell === undefined || cell === '') return Number.NaN;
    if (typeof cell === 'string' && decimal.test(cell)) return Number(cell);
    if (typeof cell === 'string' && absent.test(cell)) return Number.NaN;
    const shown = typeof cell === 'string' ? cell.slice(0, 40) : 'a value of another type';
    throw new FileFault(this.#at(place), `"${shown}" is no number such as 1234.5`);
  }

  #at(place: number): { row: number; column: string } {
    return { row: this.#row, column: this.#columns.names[place] ?? '' };
  }

  get #row(): number {
    return this.#options.firstRow + this.#count;
  }
}

const firstRoom = 1_024;

const decimal = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/;
/** How files write that there is no value. */
const absent = /^\s*(nan|null|none|na|n\/a|-)?\s*$/i;

function isStamp(cell: Cell): cell is FileStamp {
  return typeof cell === 'object' && cell !== null;
}

function grown(bars: Bars): Bars {
  const larger = allocateBars(bars.time.length * 2);
  for (const column of barColumns) larger[column].set(bars[column]);
  return larger;
}
