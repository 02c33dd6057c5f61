import { isMap, type Document } from 'yaml';
import type { Grammar } from './grammar.ts';
import type { Remark, UpgradeNote } from './upgrade-notes.ts';
import { upgradeToSecond } from './upgrade-to-second.ts';
import { upgradeToThird } from './upgrade-to-third.ts';
import { expandAliases, listIn, mapIn, offsetOf } from './yaml-edit.ts';

/**
 * A strategy of an older grammar as one of grammar 3.0. The given document is left as it is; what the new one took over
 * keeps its comments and knows its old place. Keys of no grammar are carried over, and refused there.
 * @returns nothing for one that is larger than anybody would write.
 */
export function upgradeStrategy(
  document: Document,
  from: Exclude<Grammar, '3.0'>,
): { document: Document; notes: UpgradeNote[] } | undefined {
  const upgraded = document.clone();
  if (!expandAliases(upgraded)) return undefined;
  const notes: UpgradeNote[] = [];
  const remark: Remark = (path, node, message) => notes.push({ path, offset: offsetOf(node), message });
  const strategy: unknown = upgraded.contents;
  if (isMap(strategy)) {
    if (sizeOf(listIn(strategy, 'indicators')) + sizeOf(mapIn(strategy, 'fuzzy_sets')) > mostParts) return undefined;
    if (from === '1.0') upgradeToSecond(strategy, remark);
    upgradeToThird(strategy, remark);
  }
  return { document: upgraded, notes };
}

const mostParts = 1_000;

function sizeOf(collection: { readonly items: readonly unknown[] } | undefined): number {
  return collection?.items.length ?? 0;
}
