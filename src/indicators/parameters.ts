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

/** How far bands lie from their middle; what one unit is, the description says. */
export function multiplier(standard: number) {
  return z.number().positive().max(10).default(standard);
}

/** The column that an indicator of one column reads. */
export const source = z.enum(sources).default('close').describe('column that the indicator reads');
