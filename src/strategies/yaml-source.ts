import {
  Composer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  Parser,
  visit,
  type CST,
  type Document,
  type Node,
} from 'yaml';

export type YamlPath = readonly PropertyKey[];

/** Lines and columns count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A YAML text as plain values, together with the place of each of them. */
export interface YamlSource {
  readonly value: unknown;
  readonly document: Document;
  /** Where a value stands, or the nearest thing around it that exists. */
  place(path: YamlPath): Position;
  /** Where a key stands. */
  placeOfKey(path: YamlPath): Position;
  /** The line and column of an offset into the text. */
  readonly positionOf: (offset: number) => Position;
}

export interface YamlFault extends Position {
  readonly message: string;
}

const maxBytes = 262_144;
const maxDepth = 50;
const maxAliases = 100;

/** Reads one YAML 1.2 document. Faults of the syntax are returned, not thrown; there is no source then. */
export function readYaml(text: string): { source: YamlSource } | { faults: YamlFault[] } {
  if (Buffer.byteLength(text) > maxBytes) return { faults: [atStart('the text is longer than 256 KiB')] };
  const lines = new LineCounter();
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  // The composer is recursive, and a stack that overflows inside it can end the process: it must not see deep nesting.
  if (depthOf(tokens) > maxDepth) return { faults: [atStart(`it is nested deeper than ${maxDepth} levels`)] };
  const [document, second] = new Composer({ prettyErrors: false, uniqueKeys: false }).compose(
    tokens,
    true,
    text.length,
  );
  if (document === undefined || second !== undefined) {
    return { faults: [atStart('the text must be one YAML document')] };
  }
  const positionOf = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  if (document.errors.length > 0) {
    return { faults: document.errors.map(({ pos, message }) => ({ ...positionOf(pos[0]), message: plain(message) })) };
  }
  const repeated = repeatedKeys(document);
  if (repeated.length > 0) {
    return {
      faults: repeated.map(({ key, offset }) => ({
        ...positionOf(offset),
        message: `the key "${key}" is there already`,
      })),
    };
  }
  try {
    return { source: sourceOf(document, positionOf) };
  } catch {
    return { faults: [atStart('its aliases repeat too much of the text; write the parts out')] };
  }
}

/** The values of a document, whose nodes know where in a text they stand; those that are new are where they lie within. */
export function sourceOf(document: Document, positionOf: YamlSource['positionOf']): YamlSource {
  return {
    value: document.toJS({ maxAliasCount: maxAliases }),
    document,
    place: (path) => positionOf(walk(document, path).value),
    placeOfKey: (path) => positionOf(walk(document, path).key),
    positionOf,
  };
}

/** Checked here because the parser's own check takes a time that grows with the square of the keys. */
function repeatedKeys(document: Document.Parsed): { key: string; offset: number }[] {
  const repeated: { key: string; offset: number }[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const name = isScalar(key) ? String(key.value) : undefined;
        if (name === undefined) continue;
        if (seen.has(name)) repeated.push({ key: name, offset: start(key) ?? 0 });
        seen.add(name);
      }
    },
  });
  return repeated;
}

function atStart(message: string): YamlFault {
  return { line: 1, column: 1, message };
}

/** How many collections lie within each other, counted without recursion. */
function depthOf(tokens: readonly CST.Token[]): number {
  let deepest = 0;
  const open = tokens.map((token): { token: CST.Token | null | undefined; depth: number } => ({ token, depth: 0 }));
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    const { token, depth } = entry;
    deepest = Math.max(deepest, depth);
    if (token?.type === 'document') open.push({ token: token.value, depth });
    if (token === null || token === undefined || !('items' in token)) continue;
    for (const item of token.items) {
      open.push({ token: item.value, depth: depth + 1 });
      if ('key' in item) open.push({ token: item.key, depth: depth + 1 });
    }
  }
  return deepest;
}

/** The offsets of the key and of the value at the end of a path, as far as the path leads. */
function walk(document: Document, path: YamlPath): { key: number; value: number } {
  let node: unknown = document.contents;
  let found = { key: start(node) ?? 0, value: start(node) ?? 0 };
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (pair === undefined) break;
      const key = start(pair.key) ?? found.key;
      found = { key, value: start(pair.value) ?? key };
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(step)];
      if (item === undefined) break;
      const offset = start(item) ?? found.value;
      found = { key: offset, value: offset };
      node = item;
    } else {
      break;
    }
  }
  return found;
}

function start(node: unknown): number | undefined {
  return (node as Node | null)?.range?.[0];
}

/** The parser's sentences name the place themselves now and then; the place is told apart. */
function plain(message: string): string {
  return message.replace(/ at line \d+, column \d+.*$/s, '').replace(/\s+/g, ' ');
}
