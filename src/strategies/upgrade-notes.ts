import type { YAMLMap } from 'yaml';
import { keyOf, take, type Entry } from './yaml-edit.ts';

/** Something that today's grammar says differently, or no longer says. */
export interface UpgradeNote {
  /** Keys of the older strategy joined by dots. */
  readonly path: string;
  /** Where that stands in the older text. */
  readonly offset: number;
  readonly message: string;
}

/** Hears of each change; the node tells where it was. */
export type Remark = (path: string, node: unknown, message: string) => void;

/** Removes what no longer has a place. */
export function drop(map: YAMLMap | undefined, key: string, said: { path: string; why: string; remark: Remark }): void {
  const entry = take(map, key);
  if (entry !== undefined) said.remark(said.path, entry.key, `"${said.path}" is left out: ${said.why}.`);
}

/** Takes out every entry whose key is not among those that are known. */
export function dropOthers(
  map: YAMLMap,
  known: readonly string[],
  said: { path: string; why: string; remark: Remark },
): void {
  const others: Entry[] = map.items.filter((entry) => !known.includes(keyOf(entry)));
  for (const entry of others) drop(map, keyOf(entry), { ...said, path: `${said.path}.${keyOf(entry)}` });
}
