import type { SplitSettings } from '../strategies/index.ts';

/** Two instants that part the time: training before the first, validation up to the second, test from there on. */
export interface SplitCuts {
  readonly validationFrom: number;
  readonly testFrom: number;
}

/**
 * Where to cut so that the parts hold about the wanted shares of all rows. The cuts are the same instants for every
 * symbol, so that nothing learnt from one symbol's future reaches another's past.
 * @param closedAt for each symbol the instants of its rows.
 */
export function cutsOf(
  closedAt: readonly Float64Array[],
  { train, validation }: Omit<SplitSettings, 'embargo'>,
): SplitCuts {
  const all = new Float64Array(closedAt.reduce((sum, instants) => sum + instants.length, 0));
  let offset = 0;
  for (const instants of closedAt) {
    all.set(instants, offset);
    offset += instants.length;
  }
  all.sort();
  // Rounded, because 0.7 + 0.15 + 0.15 is not quite 1 in floating point.
  const at = (share: number): number => all[Math.round(share * all.length)] ?? Infinity;
  return { validationFrom: at(train), testFrom: at(train + validation) };
}
