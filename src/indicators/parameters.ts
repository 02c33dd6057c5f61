import { z } from 'zod';
import { sources } from './columns.ts';

/** A count of bars within `[from, to]`. */
export function barCount(standard: number, [from, to]: readonly [number, number]) {
  return z.number().int().min(from).max(to).default(standard);
}

/** The look-back of an indicator, in bars. */
export function period(standard: number, range: readonly [number, number]) {
  return barCount(standard, range).describe('bars that a value looks back on');
}

/** The column that an indicator of one column reads. */
export const source = z.enum(sources).default('close').describe('column that the indicator reads');
