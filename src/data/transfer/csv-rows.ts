import { TextDecoder } from 'node:util';
import { FileFault } from './file-fault.ts';

/** No row of bars is as long; what is longer is no text. */
const longestLine = 65_536;

/**
 * The rows of a CSV text that arrives in pieces, those of one piece together: RFC 4180 with any one of `,`, `;` and tab
 * between the cells, which the first row tells. A byte order mark, UTF-16 with one, and either line end are understood; a quoted cell ends
 * in its own line.
 * @throws FileFault for a row that is no such row, or has another number of cells than the first.
 */
export async function* csvRows(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string[][]> {
  const splitter = new RowSplitter();
  for await (const lines of linesOf(chunks)) yield lines.flatMap((line) => splitter.cells(line) ?? []);
}

/** Takes one line after the other. */
class RowSplitter {
  #delimiter: string | undefined;
  #width = 0;
  #row = 0;
  #blank: number | undefined;

  /** The cells of a row, in a list of one; undefined for an empty line. */
  cells(text: string): [string[]] | undefined {
    const line = text.endsWith('\r') ? text.slice(0, -1) : text;
    this.#row += 1;
    const row = this.#row;
    if (line === '') {
      this.#blank ??= row;
      return undefined;
    }
    // Empty lines may end a file, not break it.
    if (this.#blank !== undefined) throw new FileFault({ row: this.#blank }, 'it is empty');
    this.#delimiter ??= delimiterOf(line);
    const cells = line.includes('"') ? quotedCells(line, this.#delimiter, row) : line.split(this.#delimiter);
    if (row === 1) this.#width = cells.length;
    if (cells.length !== this.#width) {
      throw new FileFault(
        { row },
        `it has ${cells.length} cells where the first row, which names them, has ${this.#width}`,
      );
    }
    return [cells];
  }
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  let decoder: TextDecoder | undefined;
  let rest = '';
  for await (const chunk of chunks) {
    const current = (decoder ??= decoderOf(chunk));
    rest += decoded(() => current.decode(chunk, { stream: true }));
    if (rest.includes('\0')) throw noText();
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > longestLine) throw noText();
    yield lines;
  }
  rest += decoded(() => decoder?.decode() ?? '');
  if (rest !== '') yield [rest];
}

/** Windows programs write UTF-16, and say so by the byte order mark. */
function decoderOf(begin: Uint8Array): TextDecoder {
  return new TextDecoder(begin[0] === 0xff && begin[1] === 0xfe ? 'utf-16le' : 'utf-8', { fatal: true });
}

function decoded(decode: () => string): string {
  try {
    return decode();
  } catch {
    throw noText();
  }
}

function noText(): FileFault {
  return new FileFault({}, 'it is neither CSV text in UTF-8 or UTF-16 nor a Parquet file nor an Arrow file or stream');
}

/** What occurs most often in the first row. */
function delimiterOf(line: string): string {
  const often = [',', ';', '\t'].map((delimiter) => ({ delimiter, cells: line.split(delimiter).length }));
  return often.reduce((most, each) => (each.cells > most.cells ? each : most)).delimiter;
}

function quotedCells(line: string, delimiter: string, row: number): string[] {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    if (line[at] === '"') {
      let cell = '';
      at += 1;
      for (;;) {
        const close = line.indexOf('"', at);
        if (close === -1) throw new FileFault({ row }, 'a quoted cell does not end in its line');
        cell += line.slice(at, close);
        at = close + 1;
        if (line[at] !== '"') break;
        cell += '"';
        at += 1;
      }
      cells.push(cell);
      if (at < line.length && line[at] !== delimiter) throw new FileFault({ row }, 'text follows a quoted cell');
    } else {
      const next = line.indexOf(delimiter, at);
      const end = next === -1 ? line.length : next;
      cells.push(line.slice(at, end));
      at = end;
    }
    if (at >= line.length) return cells;
    at += 1;
    if (at === line.length) return [...cells, ''];
  }
}
