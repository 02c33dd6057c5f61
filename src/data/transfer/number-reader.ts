import { FileFault } from './file-fault.ts';

interface Place {
  readonly row: number;
  readonly column: string;
}

/**
 * Reads the numbers of one file, which writes all of them in one way: decimals behind a point or behind a comma, and
 * thousands in groups or not. `1,234` is a thousand or a little more than one; it is taken for what the numbers before it
 * tell, and refused where they tell nothing.
 */
export class NumberReader {
  #decimals: '.' | ',' | undefined;
  /** A number like `1.234`, taken with decimals behind the point before anything spoke for or against it. */
  #assumed: (Place & { text: string }) | undefined;

  /** NaN for what files write where there is no value. @throws FileFault for text that is no number, or may be two. */
  read(text: string, place: () => Place): number {
    if (this.#decimals !== ',' && plain.test(text)) {
      if (this.#decimals === undefined) this.#learnFromPoint(text, place);
      return Number(text);
    }
    if (absent.test(text)) return Number.NaN;
    const digits = text.trim().replace(currency, '$1');
    if (/^[+-]?\d+$/.test(digits)) return Number(digits);
    return Number(this.#plainOf(digits, text, place));
  }

  #learnFromPoint(text: string, place: () => Place): void {
    if (oneGroup.test(text.trim())) this.#assumed ??= { ...place(), text };
    else if (text.includes('.')) this.#decimals ??= '.';
  }

  /** The number with a point before its decimals and without groups. */
  #plainOf(digits: string, text: string, place: () => Place): string {
    const decimals = decimalsOf(digits) ?? (oneGroup.test(digits) ? this.#decimals : undefined);
    if (decimals === undefined && oneGroup.test(digits) && !digits.includes('.')) {
      throw new FileFault(
        place(),
        `"${text.slice(0, 40)}" can be read in two ways, with a thousand or with decimals; write numbers as 1234.5, without signs between thousands`,
      );
    }
    if (decimals === undefined && plain.test(digits)) {
      this.#learnFromPoint(digits, place);
      return digits;
    }
    if (decimals === undefined) throw new FileFault(place(), `"${text.slice(0, 40)}" is not a number such as 1234.5`);
    this.#decide(decimals, text, place);
    return decimals === '.' ? digits.replaceAll(',', '') : digits.replaceAll('.', '').replace(',', '.');
  }

  #decide(decimals: '.' | ',', text: string, place: () => Place): void {
    const other = this.#decimals ?? (decimals === ',' && this.#assumed !== undefined ? '.' : decimals);
    if (other !== decimals) {
      const against =
        this.#assumed === undefined || this.#decimals !== undefined
          ? 'the numbers before it'
          : `"${this.#assumed.text}" in row ${this.#assumed.row}`;
      throw new FileFault(
        place(),
        `"${text.slice(0, 40)}" writes decimals differently from ${against}; write numbers as 1234.5, without signs between thousands`,
      );
    }
    this.#decimals = decimals;
  }
}

const plain = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/;
/** How files write that there is no value. */
const absent = /^\s*(?:nan|null|none|na|n\/a|-)?\s*$/i;
const currency = /^([+-]?)[$€£¥]\s?/;
/** One sign before the last three digits: between thousands, or before decimals. */
const oneGroup = /^[+-]?[1-9]\d{0,2}[.,]\d{3}$/;

const forms: readonly { decimals: '.' | ','; form: RegExp }[] = [
  { decimals: '.', form: /^[+-]?\d{1,3}(?:,\d{3})+\.\d+$/ },
  { decimals: '.', form: /^[+-]?\d{1,3}(?:,\d{3}){2,}$/ },
  { decimals: ',', form: /^[+-]?\d{1,3}(?:\.\d{3})+,\d+$/ },
  { decimals: ',', form: /^[+-]?\d{1,3}(?:\.\d{3}){2,}$/ },
  { decimals: '.', form: /^[+-]?\d*\.\d+$/ },
  { decimals: ',', form: /^[+-]?\d*,\d+$/ },
];

/** Which sign stands before the decimals, where the number alone tells. */
function decimalsOf(digits: string): '.' | ',' | undefined {
  return oneGroup.test(digits) ? undefined : forms.find(({ form }) => form.test(digits))?.decimals;
}
