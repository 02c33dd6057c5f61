import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { KtrdrError } from '../base/index.ts';

export type YamlPath = readonly PropertyKey[];

/** Lines and columns count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A YAML text as plain values, together with the place of each of them. */
export interface YamlSource {
  readonly value: unknown;
  /** Where a value stands, or the nearest thing around it that exists. */
  place(path: YamlPath): Position;
  /** Where a key stands. */
  placeOfKey(path: YamlPath): Position;
}

export interface YamlFault extends Position {
  readonly message: string;
}

const maxBytes = 1_048_576;
const maxAliases = 100;

/** Reads one YAML 1.2 document. Faults of the syntax are returned, not thrown; there is no source then. */
export function readYaml(text: string): { source: YamlSource } | { faults: YamlFault[] } {
  if (Buffer.byteLength(text) > maxBytes) {
    return { faults: [{ line: 1, column: 1, message: 'the text is longer than 1 MiB' }] };
  }
  const lines = new LineCounter();
  const positionOf = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    return { faults: document.errors.map(({ pos, message }) => ({ ...positionOf(pos[0]), message: plain(message) })) };
  }
  const value = toValue(document);
  if (value instanceof KtrdrError) return { faults: [{ line: 1, column: 1, message: value.message }] };
  return {
    source: {
      value,
      place: (path) => positionOf(walk(document, path).value),
      placeOfKey: (path) => positionOf(walk(document, path).key),
    },
  };
}

function toValue(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: maxAliases });
  } catch (cause) {
    return new KtrdrError('invalid_input', 'aliases repeat too much of the text; write the parts out', { cause });
  }
}

/** The offsets of the key and of the value at the end of a path, as far as the path leads. */
function walk(document: Document.Parsed, path: YamlPath): { key: number; value: number } {
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
