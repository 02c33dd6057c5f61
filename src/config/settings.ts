import { join } from 'node:path';
import { KtrdrError, nearestName } from '../base/index.ts';
import type { AccessSettings } from './access-token.ts';
import { readConfigFile, type ConfigFile } from './config-file.ts';
import { newProjectFile, projectFile, xdgDirectories, type Environment } from './places.ts';
import {
  resolveSettings,
  sentenceOf,
  type GivenSetting,
  type ResolvedSetting,
  type SettingFault,
} from './resolve-settings.ts';
import { settingNames, specOf, type SettingName, type SettingValues } from './setting-specs.ts';

/** Everything that can be configured, validated and with defaults filled in. */
export interface Settings {
  /** The directory that holds everything worth keeping. One process owns it at a time. */
  readonly home: string;
  /** The directory of what only tells how things stand now, such as logs. The home, but for that of the XDG rules. */
  readonly state: string;
  /** What the API and the host services ask of their callers. */
  readonly access: AccessSettings;
  readonly api: { readonly host: string; readonly port: number; readonly url: string };
  readonly ib: {
    /** Load through the IB host service instead of from the gateway directly. */
    readonly useHostService: boolean;
    readonly hostServiceUrl: string;
    readonly pool: PoolSettings;
    readonly gateway: { readonly host: string; readonly port: number; readonly clientId: number };
  };
  readonly training: {
    /** Train on the training host service instead of in a thread of this process. */
    readonly useHostService: boolean;
    readonly hostServiceUrl: string;
    readonly pool: PoolSettings;
    /** Where a training host has its bars from: the store of its home, or the API, page by page. */
    readonly bars: SettingValues['training.bars'];
    /** What trains models here; `auto` takes the fastest that trains the kind of model. */
    readonly backend: SettingValues['training.backend'];
    /** The most that one training may use here, in MiB. */
    readonly memoryMb: number;
  };
  readonly logLevel: SettingValues['log.level'];
  /** What was set and not left to its default, as variables for a process that is to have the same settings. */
  readonly variables: Readonly<Record<string, string>>;
}

/** How a client of a host service uses its connections. */
export interface PoolSettings {
  readonly connections: number;
  /** The longest wait for an answer. */
  readonly timeoutMs: number;
  /** How long an idle connection is kept. */
  readonly keepAliveMs: number;
}

/** The values of the options that set something, by the option. */
export type Flags = { readonly [F in '--home' | '--api']?: string | undefined };

/** What the settings are read from. */
export interface SettingSources {
  readonly flags?: Flags | undefined;
  readonly environment: Environment;
  /** Where the search for a project file begins. */
  readonly directory: string;
}

/** The settings with everything that is to be known about them. */
export interface SettingReport {
  /** With the default in place of what is faulty. */
  readonly settings: Settings;
  readonly resolved: readonly ResolvedSetting[];
  readonly faults: readonly SettingFault[];
  /** Variables that nothing reads, and that look as if something should. */
  readonly misspelt: readonly { readonly variable: string; readonly meant: string }[];
  /** Whether they exist or not. */
  readonly files: { readonly project: ConfigFile; readonly user: ConfigFile };
}

/**
 * Reads all layers: flags before variables before the project file before the user's file before defaults. An empty or
 * blank variable counts as absent.
 */
export async function reportSettings({ flags = {}, environment, directory }: SettingSources): Promise<SettingReport> {
  const fromProcess = settingNames.flatMap((name) => givenTo(name, { flags, environment, directory }));
  const xdg = xdgDirectories(environment);
  // In a home of its own everything lies below it, its settings too.
  const { home } = resolveSettings(fromProcess, xdg.data).values;
  const files = {
    project: { layer: 'project', path: projectFile(directory) ?? newProjectFile(directory) },
    user: { layer: 'user', path: join(home === xdg.data ? xdg.config : home, 'config.yaml') },
  } as const;
  const contents = await Promise.all([readConfigFile(files.project), readConfigFile(files.user)]);
  const given = [...fromProcess, ...contents.flatMap((content) => content?.given ?? [])];
  const { values, settings: resolved, faults } = resolveSettings(given, xdg.data);
  return {
    settings: {
      ...settingsFrom(values),
      state: values.home === xdg.data ? xdg.state : values.home,
      variables: variablesOf(resolved),
    },
    resolved,
    faults: [...contents.flatMap((content) => content?.faults ?? []), ...faults],
    misspelt: misspeltIn(environment),
    files,
  };
}

/** @throws KtrdrError `invalid_input` that names everything that is wrong, with where it stands and what to do. */
export async function readSettings(sources: SettingSources): Promise<Settings> {
  return soundSettings(await reportSettings(sources)).settings;
}

/** @throws KtrdrError as `readSettings`. */
export function soundSettings(report: SettingReport): SettingReport {
  const { faults } = report;
  if (faults.length === 0) return report;
  const sentences = faults.map(({ at, what }) => `${at} ${what}`);
  throw new KtrdrError('invalid_input', sentenceOf(`The configuration is not valid: ${sentences.join('; ')}`), {
    details: { faults },
  });
}

/** The settings of this process, with some variables replaced. Nothing else reads its environment. */
export async function processSettings(overrides: Environment = {}, flags: Flags = {}): Promise<Settings> {
  return readSettings({ environment: environmentWith(overrides), directory: currentDirectory(), flags });
}

/** All about the settings of this process, also while some are wrong. */
export async function reportProcessSettings(flags: Flags): Promise<SettingReport> {
  return reportSettings({ environment: process.env, directory: currentDirectory(), flags });
}

/** It may have been removed while a shell stands in it. */
function currentDirectory(): string {
  try {
    return process.cwd();
  } catch (cause) {
    const what = 'The directory that this command was started in does not exist any more; change to another one.';
    throw new KtrdrError('failed_precondition', what, { cause });
  }
}

/** The environment for a child process: this one's, with some settings replaced. */
export function environmentWith(overrides: Environment): Environment {
  return { ...process.env, ...overrides };
}

function givenTo(name: SettingName, { flags = {}, environment, directory }: SettingSources): GivenSetting[] {
  const { flag, variable } = specOf(name);
  const given: GivenSetting[] = [];
  const ofFlag = flag === undefined ? undefined : flags[flag];
  if (flag !== undefined && ofFlag !== undefined)
    given.push({ name, text: ofFlag, layer: 'flag', at: flag, directory });
  const ofVariable = environment[variable] ?? '';
  if (ofVariable.trim() !== '') {
    given.push({ name, text: ofVariable, layer: 'environment', at: variable, directory });
  }
  return given;
}

function misspeltIn(environment: Environment): SettingReport['misspelt'] {
  const known = settingNames.map((name) => specOf(name).variable);
  return Object.keys(environment).flatMap((variable) => {
    if (known.includes(variable) || !/^(KTRDR|IB|TRAINING_HOST|USE_IB|USE_TRAINING)_/.test(variable)) return [];
    const meant = nearestName(variable, known);
    return meant === undefined ? [] : [{ variable, meant }];
  });
}

function settingsFrom(values: SettingValues): Omit<Settings, 'state' | 'variables'> {
  const token = values['access.token'];
  return {
    home: values.home,
    access: { file: values['access.token_file'], ...(token === undefined ? {} : { token }) },
    api: { host: values['api.host'], port: values['api.port'], url: values['api.url'] },
    ib: {
      useHostService: values['ib.use_host_service'],
      hostServiceUrl: values['ib.host_service.url'],
      pool: poolFrom(values, 'ib'),
      gateway: {
        host: values['ib.gateway.host'],
        port: values['ib.gateway.port'],
        clientId: values['ib.gateway.client_id'],
      },
    },
    training: {
      useHostService: values['training.use_host_service'],
      hostServiceUrl: values['training.host_service.url'],
      pool: poolFrom(values, 'training'),
      bars: values['training.bars'],
      backend: values['training.backend'],
      memoryMb: values['training.memory_mb'],
    },
    logLevel: values['log.level'],
  };
}

function poolFrom(values: SettingValues, domain: 'ib' | 'training'): PoolSettings {
  return {
    connections: values[`${domain}.host_service.connections`],
    timeoutMs: values[`${domain}.host_service.timeout_seconds`] * 1_000,
    keepAliveMs: values[`${domain}.host_service.keep_alive_seconds`] * 1_000,
  };
}

/** Without the token, which a child has from the same variable. */
function variablesOf(resolved: readonly ResolvedSetting[]): Record<string, string> {
  const set = resolved.filter(({ name, layer }) => layer !== 'default' && specOf(name).kind.isSecret !== true);
  return Object.fromEntries(set.map(({ name, value }) => [specOf(name).variable, String(value)]));
}
