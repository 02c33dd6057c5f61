import { isMap, isScalar, isSeq, Pair, Scalar, visit, YAMLMap, type Document, type Node, type YAMLSeq } from 'yaml';

/** Changes to the nodes of a YAML document that keep its comments, and the places where its parts stood. */

export type Entry = Pair;

export function entryOf(map: YAMLMap | undefined, key: string): Entry | undefined {
  return map?.items.find((entry) => keyOf(entry) === key);
}

export function keyOf({ key }: Entry): string {
  return isScalar(key) ? String(key.value) : '';
}

export function mapIn(map: YAMLMap | undefined, key: string): YAMLMap | undefined {
  const value = entryOf(map, key)?.value;
  return isMap(value) ? value : undefined;
}

/** The map under a key, made where there is none. */
export function needMap(map: YAMLMap, key: string): YAMLMap {
  const found = mapIn(map, key);
  if (found !== undefined) return found;
  const made = new YAMLMap();
  put(map, key, made);
  return made;
}

/** The text or number under a key. */
export function valueIn(map: YAMLMap | undefined, key: string): string | number | boolean | undefined {
  const value = entryOf(map, key)?.value;
  const plain = isScalar(value) ? value.value : undefined;
  return typeof plain === 'string' || typeof plain === 'number' || typeof plain === 'boolean' ? plain : undefined;
}

export function listIn(map: YAMLMap | undefined, key: string): YAMLSeq | undefined {
  const value = entryOf(map, key)?.value;
  return isSeq(value) ? value : undefined;
}

/** Takes an entry out of its map. What was written above the first entry of a map stays with the map. */
export function take(map: YAMLMap | undefined, key: string): Entry | undefined {
  const entry = entryOf(map, key);
  if (map !== undefined && entry !== undefined) map.items.splice(map.items.indexOf(entry), 1);
  return entry;
}

/** Sets a value; a new key comes last, or behind another one. */
export function put(map: YAMLMap, key: string, value: unknown, behind?: string): void {
  const found = entryOf(map, key);
  if (found !== undefined) {
    found.value = value;
    return;
  }
  const before = behind === undefined ? undefined : entryOf(map, behind);
  const index = before === undefined ? map.items.length : map.items.indexOf(before) + 1;
  map.items.splice(index, 0, new Pair(new Scalar(key), value));
}

/** Moves an entry to another map, where it takes the place of one with its key. */
export function move(entry: Entry, to: YAMLMap): void {
  take(to, keyOf(entry));
  to.items.push(entry);
}

/** Sets a value that comes first in its map. */
export function putFirst(map: YAMLMap, key: string, value: unknown): void {
  take(map, key);
  map.items.unshift(new Pair(new Scalar(key), value));
}

export function rename(entry: Entry, key: string): void {
  if (isScalar(entry.key)) entry.key.value = key;
}

/** A scalar in the place of another node, with its comment. */
export function scalarLike(value: unknown, node: unknown): Scalar {
  const scalar = new Scalar(value);
  if (!isScalar(node)) return scalar;
  if (node.comment !== undefined) scalar.comment = node.comment;
  if (node.range !== undefined) scalar.range = node.range;
  return scalar;
}

/** Where a node stands; 0 for one that is new. */
export function offsetOf(node: unknown): number {
  return (node as Node | null | undefined)?.range?.[0] ?? 0;
}

const mostNodes = 100_000;

/**
 * Writes out what aliases stand for, so that parts can be moved past each other.
 * @returns false where that would make too much of it.
 */
export function expandAliases(document: Document): boolean {
  const anchors = new Map<string, Scalar | YAMLMap | YAMLSeq>();
  let nodes = 0;
  const meet = (_: unknown, node: Scalar | YAMLMap | YAMLSeq): symbol | undefined => {
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    delete node.anchor;
    nodes += 1;
    return nodes > mostNodes ? visit.BREAK : undefined;
  };
  visit(document, {
    Scalar: meet,
    Map: meet,
    Seq: meet,
    Alias(_, { source }, path) {
      const meant = anchors.get(source);
      // An alias within its own anchor has no end.
      return meant === undefined || path.includes(meant) ? new Scalar(null) : (meant.clone() as Node);
    },
  });
  return nodes <= mostNodes;
}
