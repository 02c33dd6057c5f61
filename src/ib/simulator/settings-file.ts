import { readFile } from 'node:fs/promises';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import { KtrdrError, whyNot, type Schema } from '../../base/index.ts';

/**
 * Reads a YAML or JSON file that a person wrote.
 * @throws KtrdrError `not_found` when it cannot be read, `invalid_input` that names each fault by its line and its path.
 */
export async function readSettingsFile<T>(path: string, schema: Schema<T>): Promise<T> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new KtrdrError('not_found', `${path} cannot be read: ${whyNot('read', cause)}.`, { cause });
  });
  return parseSettings(text, { file: path, schema });
}

/** @throws KtrdrError `invalid_input` that names each fault by its line and its path. */
export function parseSettings<T>(text: string, { file, schema }: { file: string; schema: Schema<T> }): T {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineOf = (offset: number): number => Math.max(1, lines.linePos(offset).line);
  const refuse = (faults: readonly { line: number; path: string; message: string }[]): KtrdrError => {
    const sentences = faults.map(
      ({ line, path, message }) => `line ${line}${path === '' ? '' : `, ${path}`}: ${message}`,
    );
    return new KtrdrError('invalid_input', `${file} is not valid: ${sentences.join('; ')}.`, { details: { faults } });
  };
  if (document.errors.length > 0) {
    throw refuse(document.errors.map(({ pos, message }) => ({ line: lineOf(pos[0]), path: '', message })));
  }
  const parsed = schema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (parsed.success) return parsed.data;
  throw refuse(
    parsed.error.issues.map(({ path, message }) => ({
      line: lineOf(offsetOf(document, path)),
      path: path.join('.'),
      message,
    })),
  );
}

/** Where a value begins, or the nearest thing around it that exists. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}
