import { exitCodeOf, KtrdrError } from '../../../base/index.ts';
import {
  reportProcessSettings,
  sentenceOf,
  setInFile,
  soundSettings,
  specOf,
  unsetInFile,
  type ConfigFile,
  type Flags,
  type ResolvedSetting,
  type SettingName,
  type SettingReport,
} from '../../../config/index.ts';
import { colours, printJson, table, terminal } from '../terminal.ts';

export interface ListOptions {
  showOrigin?: boolean;
  json?: boolean;
}

export interface PlaceOptions {
  user?: boolean;
  project?: boolean;
  json?: boolean;
}

/** Shows what there is also where something is wrong, which the exit code then says. */
export async function list(flags: Flags, { showOrigin = false, json = false }: ListOptions): Promise<number> {
  const { resolved, faults, files } = await reportProcessSettings(flags);
  if (json) {
    const settings = resolved.map(asJson);
    printJson('ktrdr.config.list/1', {
      settings,
      faults,
      files: { project: files.project.path, user: files.user.path },
    });
  } else {
    const rows = resolved.map((setting) => [setting.name, shown(setting), ...(showOrigin ? [originOf(setting)] : [])]);
    terminal.print(table(['setting', 'value', ...(showOrigin ? ['set by'] : [])], rows));
  }
  if (!json) {
    for (const { at, what } of faults) terminal.complain(`${colours.red('error:')} ${sentenceOf(`${at} ${what}`)}`);
  }
  return faults.length === 0 ? 0 : exitCodeOf('invalid_input');
}

export async function get(flags: Flags, name: SettingName, { json = false }: { json?: boolean }): Promise<void> {
  const setting = settingIn(soundSettings(await reportProcessSettings(flags)), name);
  if (json) printJson('ktrdr.config.get/1', asJson(setting));
  else terminal.print(shown(setting));
}

export async function set(
  flags: Flags,
  { name, value }: { name: SettingName; value: string },
  options: PlaceOptions,
): Promise<void> {
  const file = await fileFor(flags, options);
  const written = await setInFile(file, { name, text: value, directory: process.cwd() });
  if (options.json === true) printJson('ktrdr.config.set/1', { name, value: written, file: file.path });
  else terminal.print(`${name} is ${written} in ${file.path}`);
  await noteStronger(flags, name, file);
}

export async function unset(flags: Flags, name: SettingName, options: PlaceOptions): Promise<void> {
  const file = await fileFor(flags, options);
  const removed = await unsetInFile(file, name);
  if (options.json === true) printJson('ktrdr.config.unset/1', { name, removed, file: file.path });
  else terminal.print(removed ? `${name} removed from ${file.path}` : `${file.path} does not set ${name}`);
  if (removed) await noteStronger(flags, name, file);
}

async function fileFor(flags: Flags, { user = false, project = false }: PlaceOptions): Promise<ConfigFile> {
  if (user && project) throw new KtrdrError('invalid_input', 'Give --user or --project, not both.');
  const { files } = await reportProcessSettings(flags);
  return project ? files.project : files.user;
}

/** What was written has no effect while something stronger says otherwise, which nobody would look for. */
async function noteStronger(flags: Flags, name: SettingName, file: ConfigFile): Promise<void> {
  const { layer, at, value } = settingIn(await reportProcessSettings(flags), name);
  if (layer !== 'default' && !at.startsWith(`${file.path}:`)) {
    terminal.note(`${colours.yellow('note:')} ${at} decides, with ${value}.`);
  }
}

function settingIn({ resolved }: SettingReport, name: SettingName): ResolvedSetting {
  const setting = resolved.find((each) => each.name === name);
  if (setting === undefined) throw new Error(`the report leaves out ${name}`);
  return setting;
}

function originOf({ layer, at }: ResolvedSetting): string {
  return layer === 'default' ? 'default' : at;
}

/** A secret is known to be set, and no more. */
function shown({ name, value }: ResolvedSetting): string {
  if (value === undefined) return '(not set)';
  return specOf(name).kind.isSecret === true ? '(hidden)' : String(value);
}

function asJson({ name, value, layer, at }: ResolvedSetting): object {
  const { variable, kind, meaning } = specOf(name);
  const isHidden = kind.isSecret === true && value !== undefined;
  return {
    name,
    value: isHidden ? null : (value ?? null),
    ...(isHidden ? { isHidden } : {}),
    origin: { layer, at },
    variable,
    meaning,
  };
}
