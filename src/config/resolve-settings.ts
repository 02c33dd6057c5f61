import { join } from 'node:path';
import type { SettingValue } from './setting-kinds.ts';
import { settingNames, specOf, type SettingName, type SettingValues, type SetValues } from './setting-specs.ts';

/** Who may set something, the strongest first. */
export const layers = ['flag', 'environment', 'project', 'user'] as const;

export type Layer = (typeof layers)[number];

/** One setting as somebody gave it. */
export interface GivenSetting {
  readonly name: SettingName;
  readonly text: string;
  readonly layer: Layer;
  /** For people: the flag, the variable, or the place in a file. */
  readonly at: string;
  /** What a relative path is relative to. */
  readonly directory: string;
}

/** Something that cannot be taken as it is. */
export interface SettingFault {
  readonly at: string;
  /** What is wrong, and what to do; follows `at` in a sentence. */
  readonly what: string;
}

/** What a setting is worth, and who said so. */
export interface ResolvedSetting {
  readonly name: SettingName;
  /** Undefined where nothing is set and nothing need be. */
  readonly value: SettingValue | undefined;
  readonly layer: Layer | 'default';
  /** For people; empty for a default. */
  readonly at: string;
}

interface Resolved {
  readonly settings: readonly ResolvedSetting[];
  readonly values: SettingValues;
  readonly faults: readonly SettingFault[];
}

/**
 * The strongest layer that sets something decides. What cannot be read is a fault in whatever layer it stands, also where
 * another one decides; it counts as not set.
 * @param dataHome The home when nobody names one.
 */
export function resolveSettings(given: readonly GivenSetting[], dataHome: string): Resolved {
  const faults: SettingFault[] = [];
  const set = new Map<SettingName, ResolvedSetting>();
  const byStrength = [...given].sort((a, b) => layers.indexOf(a.layer) - layers.indexOf(b.layer));
  for (const { name, text, layer, at, directory } of byStrength) {
    const { kind } = specOf(name);
    const value = kind.read(text.trim(), directory);
    const isNamed = layer === 'flag' || layer === 'environment';
    if (value === undefined) faults.push({ at: isNamed ? at : `${at}, ${name}`, what: refusal(name, text) });
    else if (!set.has(name)) set.set(name, { name, value, layer, at });
  }
  const values = withDefaults(Object.fromEntries([...set.values()].map(({ name, value }) => [name, value])), dataHome);
  const settings = settingNames.map(
    (name): ResolvedSetting => set.get(name) ?? { name, value: values[name], layer: 'default', at: '' },
  );
  return { settings, values, faults };
}

/** What is wrong with the text of a setting, without what must not be shown. */
export function refusal(name: SettingName, text: string): string {
  const { kind } = specOf(name);
  const shown = text.replace(/\/\/[^/]*@/, '//...@');
  return `${kind.isSecret === true ? 'is refused' : `is ${JSON.stringify(shown)}`}: use ${kind.takes}`;
}

/** Words about a fault as a sentence of their own. A question ends itself. */
export function sentenceOf(words: string): string {
  const [first = '', ...rest] = words;
  return `${first.toUpperCase()}${rest.join('')}${words.endsWith('?') ? '' : '.'}`;
}

/** Before every path of the API. */
export const apiPrefix = '/api/v1';

function withDefaults(set: SetValues, dataHome: string): SettingValues {
  const plain = Object.fromEntries(
    settingNames.flatMap((name) => {
      const { fallback, kind } = specOf(name);
      return typeof fallback === 'string' ? [[name, kind.read(fallback, dataHome)]] : [];
    }),
  ) as Omit<SettingValues, 'home' | 'access.token_file' | 'api.url'>;
  const known = { ...plain, ...set };
  const home = set.home ?? dataHome;
  return {
    home,
    'access.token_file': join(home, 'token'),
    'api.url': `http://${reachableHost(known['api.host'])}:${known['api.port']}${apiPrefix}`,
    ...known,
  };
}

/** Where this machine reaches what listens on `host`, as a URL has it. */
export function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
