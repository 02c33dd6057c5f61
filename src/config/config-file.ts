import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LineCounter, Node, Pair } from 'yaml';
import { nearestName, systemCode, whyNot } from '../base/index.ts';
import type { GivenSetting, SettingFault } from './resolve-settings.ts';
import { settingNames, specOf, type SettingName } from './setting-specs.ts';

/** A file of settings, and whose it is. */
export interface ConfigFile {
  readonly layer: 'project' | 'user';
  readonly path: string;
}

interface FileContent {
  readonly given: readonly GivenSetting[];
  readonly faults: readonly SettingFault[];
}

/** What a file sets, and what is wrong with it; undefined when there is none. */
export async function readConfigFile(file: ConfigFile): Promise<FileContent | undefined> {
  let text: string;
  try {
    text = readFileSync(file.path, 'utf8');
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(cause) ?? '')) return undefined;
    return { given: [], faults: [{ at: file.path, what: `cannot be read: ${whyNot('read', cause)}` }] };
  }
  return parseConfig(text, file);
}

/** The parser is loaded for those alone who have a file. */
export async function parseConfig(text: string, file: ConfigFile): Promise<FileContent> {
  const { isMap, isScalar, LineCounter: Lines, parseDocument } = await import('yaml');
  const lines = new Lines();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = placeIn(file, lines);
  // The parser repeats itself where a file ends too early.
  const told = new Map(document.errors.map(({ pos, message }) => [`${pos[0]} ${message}`, { pos, message }]));
  const faults: SettingFault[] = [...told.values()].map(({ pos, message }) => ({ at: place(pos[0]), what: message }));
  const given: GivenSetting[] = [];
  if (faults.length > 0) return { given, faults };

  const read = (pair: Pair, above: readonly string[]): void => {
    const key = isScalar(pair.key) ? String(pair.key.value) : '?';
    const keyAt = place(rangeOf(pair.key));
    const path = [...above, key];
    const written = path.join('.');
    const name = settingNames.find((each) => each === written && !key.includes('.'));
    const value = pair.value;
    if (name !== undefined) {
      const fault = faultOf(name, file);
      if (fault !== undefined) faults.push({ at: keyAt, what: fault });
      else if (isScalar(value) && value.value !== null && value.source !== undefined) {
        const { source: text } = value;
        given.push({ name, text, layer: file.layer, at: place(rangeOf(value)), directory: dirname(file.path) });
      } else faults.push({ at: keyAt, what: `${name} needs one value: use ${specOf(name).kind.takes}` });
    } else if (!sections.has(written)) faults.push({ at: keyAt, what: unknown(written, key) });
    else if (isMap(value)) for (const inner of value.items) read(inner, path);
    else if (!isEmpty(value)) {
      faults.push({ at: place(rangeOf(value)), what: `${written} holds settings: write them below it, indented` });
    }
  };

  const root = document.contents;
  if (isMap(root)) for (const pair of root.items) read(pair, []);
  else if (!isEmpty(root))
    faults.push({ at: place(rangeOf(root)), what: 'holds no settings: write "name: value" lines' });
  return { given, faults };

  function isEmpty(node: unknown): boolean {
    return node === null || node === undefined || (isScalar(node) && node.value === null);
  }
}

/** Why a setting may not stand in a file; undefined when it may. */
export function faultOf(name: SettingName, { layer }: Pick<ConfigFile, 'layer'>): string | undefined {
  const { files, variable } = specOf(name);
  if (files === 'none') {
    return `${name} cannot be set in a file: set ${variable}, or name a file of its own with access.token_file`;
  }
  if (files === 'user' && layer === 'project') {
    return `${name} cannot be set in a project file, because it decides who gets to see the access token: set it in the user's file, or set ${variable}`;
  }
  return undefined;
}

/** That there is no such setting, and which one may be meant. */
export function noSetting(written: string): string {
  if (sections.has(written)) {
    const below = settingNames.filter((name) => name.startsWith(`${written}.`));
    return `"${written}" is a group of settings: use one of ${below.join(', ')}`;
  }
  const nearest = nearestName(written, [...settingNames, ...sections]);
  const what = nearest === undefined ? '"ktrdr config list" shows all' : `did you mean "${nearest}"?`;
  return `there is no setting "${written}"; ${what}`;
}

const sections = new Set(
  settingNames.flatMap((name) => {
    const parts = name.split('.');
    return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('.'));
  }),
);

function unknown(written: string, key: string): string {
  if (key.includes('.')) {
    const meant = nearestName(written, settingNames);
    return `"${key}" is one key: write a map for each part of the name${meant === undefined ? '' : `, ${asMaps(meant)}`}`;
  }
  return noSetting(written);
}

function asMaps(name: string): string {
  const parts = name.split('.');
  return `${parts.map((part) => `${part}: `).join('{ ')}...${' }'.repeat(parts.length - 1)}`;
}

function rangeOf(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0;
}

function placeIn({ path }: ConfigFile, lines: LineCounter): (offset: number) => string {
  return (offset) => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${Math.max(1, line)}:${Math.max(1, col)}`;
  };
}
