import type { SplitSettings } from '../strategies/index.ts';

/** The instants between which the rows of each part were known, `[from, to)`. What lies between two parts is under embargo. */
export type SplitCuts = Readonly<Record<Part, { readonly from: number; readonly to: number }>>;

export const parts = ['train', 'validation', 'test'] as const;

export type Part = (typeof parts)[number];

/**
 * Where to cut so that the parts hold about the wanted shares of all rows. The cuts are the same instants for every
 * symbol, so that nothing learnt from one symbol's future reaches another's past. After each cut the wanted share of all
 * rows is under embargo.
 * @param closedAt for each symbol the instants of its rows.
 */
export function cutsOf(closedAt: readonly Float64Array[], { train, validation, embargo }: SplitSettings): SplitCuts {
  const all = new Float64Array(closedAt.reduce((sum, instants) => sum + instants.length, 0));
  let offset = 0;
  for (const instants of closedAt) {
    all.set(instants, offset);
    offset += instants.length;
  }
  all.sort();
  // Rounded, because 0.7 + 0.15 + 0.15 is not quite 1 in floating point.
  const at = (share: number): number => all[Math.round(share * all.length)] ?? Infinity;
  const [first, second] = [at(train), at(train + validation)];
  return {
    train: { from: -Infinity, to: first },
    validation: { from: at(train + embargo), to: second },
    test: { from: at(train + validation + embargo), to: Infinity },
  };
}
