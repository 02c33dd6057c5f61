import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Document } from 'yaml';
import { KtrdrError, syncFolder, systemCode, whyNot, writeNewFile } from '../base/index.ts';
import { faultOf, type ConfigFile } from './config-file.ts';
import { refusal } from './resolve-settings.ts';
import type { SettingValue } from './setting-kinds.ts';
import { specOf, type SettingName } from './setting-specs.ts';

interface NewSetting {
  readonly name: SettingName;
  readonly text: string;
  /** What a relative path is relative to. */
  readonly directory: string;
}

/**
 * Sets one setting in a file, which is made where there is none, and leaves all else in it as it is, comments too.
 * @returns the value as the file has it.
 * @throws KtrdrError `invalid_input` for a value that is none or a setting that may not stand there, `failed_precondition`
 * for a file that cannot be understood or written.
 */
export async function setInFile(file: ConfigFile, { name, text, directory }: NewSetting): Promise<SettingValue> {
  const refused = faultOf(name, file);
  if (refused !== undefined) throw new KtrdrError('invalid_input', `${refused}.`);
  const value = specOf(name).kind.read(text.trim(), directory);
  if (value === undefined || text.trim() === '') {
    throw new KtrdrError('invalid_input', `${name} ${refusal(name, text)}.`);
  }
  const written = file.layer === 'project' && specOf(name).kind.isPath === true ? besideFile(file, value) : value;
  const document = (await readDocument(file))?.document ?? (await emptyDocument());
  const path = name.split('.');
  const { isMap } = await import('yaml');
  for (let length = 1; length < path.length; length += 1) {
    const names = path.slice(0, length);
    const section = document.getIn(names);
    // A section without settings is no map yet.
    if (section === null) document.setIn(names, document.createNode({}));
    else if (section !== undefined && !isMap(section)) {
      const what = `"${file.path}" has something other than settings below ${names.join('.')}. Correct that first.`;
      throw new KtrdrError('failed_precondition', what);
    }
  }
  document.setIn(path, written);
  await replaceFile(file.path, document.toString({ lineWidth: 0 }));
  return written;
}

/**
 * Removes one setting from a file, and the sections that hold nothing any more. The file stays, empty if need be, with every
 * comment that has a line of its own.
 * @returns false, and leaves the file alone, when it does not set this.
 * @throws KtrdrError as `setInFile`.
 */
export async function unsetInFile(file: ConfigFile, name: SettingName): Promise<boolean> {
  const read = await readDocument(file);
  const path = name.split('.');
  if (read?.document.hasIn(path) !== true) return false;
  const { textWithout } = await import('./text-without.ts');
  await replaceFile(file.path, textWithout(path, read));
  return true;
}

/** A checkout is moved about, so a path within it is written from where the file lies. */
function besideFile({ path }: ConfigFile, value: SettingValue): string {
  const below = relative(dirname(path), String(value));
  return below === '' ? '.' : below.startsWith('..') ? String(value) : `./${below}`;
}

async function readDocument({ path }: ConfigFile): Promise<{ text: string; document: Document } | undefined> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (systemCode(cause) === 'ENOENT') return undefined;
    throw cannot('read', path, cause);
  });
  if (text === undefined) return undefined;
  const { isMap, LineCounter, parseDocument } = await import('yaml');
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const [fault] = document.errors;
  if (fault !== undefined) {
    const { line, col } = lineCounter.linePos(fault.pos[0]);
    const what = `"${path}" is not valid YAML, at line ${line}, column ${col}: ${fault.message}. Correct it first.`;
    throw new KtrdrError('failed_precondition', what);
  }
  if (!isMap(document.contents) && document.toJS() !== null) {
    throw new KtrdrError('failed_precondition', `"${path}" holds something other than settings. Empty it first.`);
  }
  return { text, document };
}

async function emptyDocument(): Promise<Document> {
  const { Document: Empty } = await import('yaml');
  return new Empty({});
}

/** Whole or not at all. What a link points to is replaced, not the link. */
async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const folder = dirname(target);
  const draft = join(folder, `.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    const mode = await stat(target).then(
      (found) => found.mode & 0o777,
      () => undefined,
    );
    await writeNewFile(draft, new TextEncoder().encode(text));
    if (mode !== undefined) await chmod(draft, mode);
    await rename(draft, target);
    await syncFolder(folder);
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => {});
    throw cannot('write', path, cause);
  }
}

function cannot(what: 'read' | 'write', path: string, cause: unknown): KtrdrError {
  return new KtrdrError('failed_precondition', `Cannot ${what} the settings in "${path}": ${whyNot(what, cause)}.`, {
    cause,
  });
}
