import { isMap, isNode, isScalar, type Document, type Pair, type YAMLMap } from 'yaml';

/**
 * The text of a YAML map without the value at `path`, which it has, and without the maps that would hold nothing then. All
 * else stays as it is, comments that have lines of their own too, and with them the map that they stand in.
 */
export function textWithout(path: readonly string[], { text, document }: { text: string; document: Document }): string {
  const above = path.slice(0, -1);
  const map = above.length === 0 ? document.contents : document.getIn(above);
  const pair = isMap(map) ? map.items.find(({ key }) => isScalar(key) && key.value === path.at(-1)) : undefined;
  if (!isMap(map) || pair === undefined) return text;
  const isLast = map.items.length === 1 && above.length > 0;
  if (isLast && (map.flow === true || !hasOwnComments(text, map))) return textWithout(above, { text, document });
  if (map.flow !== true) return text.slice(0, lineAt(text, startOf(pair))) + text.slice(endOf(text, pair));
  document.deleteIn(path);
  return document.toString({ lineWidth: 0 });
}

/** Whether there are comments among the lines of a map, above its first key or below its last value. */
function hasOwnComments(text: string, map: YAMLMap): boolean {
  const [first] = map.items;
  if (first === undefined) return false;
  const indent = startOf(first) - lineAt(text, startOf(first));
  const isComment = (line: string): boolean => /^\s*#/.test(line) && line.search(/\S/) >= indent;
  const above = text
    .slice(0, lineAt(text, startOf(first)))
    .split('\n')
    .slice(0, -1)
    .reverse();
  const below = text.slice(endOf(text, map.items.at(-1) ?? first)).split('\n');
  return [above, below].some((lines) => {
    const end = lines.findIndex((line) => !isComment(line) && line.trim() !== '');
    return lines.slice(0, end === -1 ? undefined : end).some(isComment);
  });
}

function startOf({ key }: Pair): number {
  return (isNode(key) ? key.range?.[0] : undefined) ?? 0;
}

/** Where the line ends in which a pair does. */
function endOf(text: string, { key, value }: Pair): number {
  const node = isNode(value) ? value : key;
  const end = (isNode(node) ? node.range?.[1] : undefined) ?? 0;
  if (text[end - 1] === '\n') return end;
  const next = text.indexOf('\n', end);
  return next === -1 ? text.length : next + 1;
}

function lineAt(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}
