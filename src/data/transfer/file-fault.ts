import { KtrdrError } from '../../base/index.ts';

/** The first thing that is wrong with a file, and where: rows and columns as a person counts them. */
export class FileFault extends KtrdrError {
  constructor(where: { row?: number; column?: string }, what: string, cause?: unknown) {
    const { row, column } = where;
    const place = [row === undefined ? '' : `row ${row}`, column === undefined ? '' : `column "${column}"`];
    const prefix = place.filter((part) => part !== '').join(', ');
    super('invalid_input', prefix === '' ? what : `${prefix}: ${what}`, { cause, details: { ...where } });
  }
}
