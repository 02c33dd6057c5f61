import { resolve } from 'node:path';
import { accessTokenPattern } from './access-token.ts';
import { ownDirectory } from './places.ts';

/** What a setting is worth once it is read. */
export type SettingValue = string | number | boolean;

/** How the text of a setting is read: the same for flags, variables and files. */
export interface SettingKind<T extends SettingValue> {
  /** What it takes, in words that end a sentence: `use true or false`. */
  readonly takes: string;
  /** All that it takes, where that can be listed. */
  readonly words?: readonly string[];
  /** The value, or undefined for a text that is none. Paths are taken from `directory`. */
  readonly read: (text: string, directory: string) => T | undefined;
  /** True for what must never be shown. */
  readonly isSecret?: true;
  readonly isPath?: true;
}

const yes = ['true', 'yes', '1'];
const no = ['false', 'no', '0'];

export const truth: SettingKind<boolean> = {
  takes: 'true or false',
  words: ['true', 'false'],
  read: (text) => (yes.includes(text) ? true : no.includes(text) ? false : undefined),
};

export function wholeNumber({ least, most }: { least: number; most: number }): SettingKind<number> {
  return {
    takes: `a whole number from ${least} to ${most}`,
    read: (text) => {
      const number = Number(text);
      return /^\d+$/.test(text) && number >= least && number <= most ? number : undefined;
    },
  };
}

export const port = wholeNumber({ least: 0, most: 65_535 });

export const seconds: SettingKind<number> = {
  takes: '1 to 3600 seconds',
  read: (text) => {
    const number = Number(text);
    return /^\d+(\.\d+)?$/.test(text) && number >= 1 && number <= 3_600 ? number : undefined;
  },
};

export function oneOf<const T extends string>(words: readonly T[]): SettingKind<T> {
  return {
    takes: `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`,
    words,
    read: (text) => words.find((word) => word === text),
  };
}

export const machine: SettingKind<string> = {
  takes: 'the name or the address of a machine',
  read: (text) => (/^[^\s/?#@]+$/.test(text) ? text : undefined),
};

/** Without the slashes at its end. One with a password in it is refused, because addresses are shown. */
export const httpUrl: SettingKind<string> = {
  takes: 'an http:// or https:// address without a user name',
  read: (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const isTaken = url !== undefined && /^https?:$/.test(url.protocol) && url.username + url.password === '';
    return isTaken ? text.replace(/\/+$/, '') : undefined;
  },
};

/** No shell stands between a file and its reader, so `~/` is known here. */
export const path: SettingKind<string> = {
  takes: 'a path',
  read: (text, directory) => resolve(directory, text.replace(/^~(?=\/|$)/, ownDirectory)),
  isPath: true,
};

export const accessToken: SettingKind<string> = {
  takes: 'one word of 32 to 512 letters, digits or the signs . _ ~ + / = -',
  read: (text) => (accessTokenPattern.test(text) ? text : undefined),
  isSecret: true,
};
