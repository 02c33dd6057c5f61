import type { Argument, Option } from 'commander';
import { settingNames, specOf } from '../../../config/index.ts';
import { timeframes } from '../../../market/index.ts';
import type { CliCommand } from '../cli-command.ts';
import { commandsOf, isNoun } from '../command-tree.ts';
import { ListOption } from '../programs/list-option.ts';

/** Names that have to be looked up: the templates in the package, all others at the API. */
export type NameSource = 'symbols' | 'models' | 'operations' | 'types' | 'templates';

export interface Candidate {
  readonly word: string;
  readonly about?: string;
}

/** What may stand where the cursor is. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  /** Where there are more. */
  readonly names?: NameSource;
  /** Whether a file may stand there, too. */
  readonly files?: boolean;
  /** What has to stand before each name, as in `--parent=` and behind a comma. */
  readonly prefix?: string;
  /** Which API the line itself names, by its options. */
  readonly flags: Readonly<Record<string, string>>;
}

/** @param words those behind `ktrdr`, the last one being the beginning of the one that is looked for. */
export function completionOf(program: CliCommand, words: readonly string[]): Completion {
  const current = words.at(-1) ?? '';
  const place = placeAfter(program, words.slice(0, -1));
  const { command, option, argumentsGiven, flags, onlyArguments } = place;
  const [before] = argumentsGiven;
  const ofCurrent = (found: Omit<Completion, 'flags'>): Completion => ({
    ...found,
    candidates: found.candidates.filter(({ word }) => word.startsWith(current)),
    flags,
  });
  if (option !== undefined) return ofCurrent(valuesOf(option, { typed: current }));
  if (!onlyArguments && current.startsWith('-')) {
    const [flag = '', value] = current.split('=', 2);
    const named = value === undefined ? undefined : optionsOf(command).find(({ long }) => long === flag);
    if (named === undefined) return ofCurrent({ candidates: optionsOf(command).flatMap(flagOf) });
    const { candidates, prefix: inner = '', ...more } = valuesOf(named, { typed: value });
    const prefix = `${flag}=`;
    return ofCurrent({
      ...more,
      prefix: `${prefix}${inner}`,
      candidates: candidates.map(({ word, ...rest }) => ({ word: `${prefix}${word}`, ...rest })),
    });
  }
  if (isNoun(command)) {
    if (before !== undefined) return ofCurrent({ candidates: [] });
    const below = commandsOf(command).filter(({ parent }) => parent === command);
    return ofCurrent({ candidates: below.map((each) => ({ word: each.name(), about: each.description() })) });
  }
  const { registeredArguments: known } = command;
  const last = known.at(-1);
  const argument = known[argumentsGiven.length] ?? (last?.variadic === true ? last : undefined);
  return ofCurrent(argument === undefined ? { candidates: [] } : valuesOf(argument, { typed: current, before }));
}

interface Place {
  command: CliCommand;
  /** Whose value comes next. */
  option: Option | undefined;
  argumentsGiven: string[];
  flags: Record<string, string>;
  /** Behind `--`. */
  onlyArguments: boolean;
}

function placeAfter(program: CliCommand, words: readonly string[]): Place {
  const place: Place = { command: program, option: undefined, argumentsGiven: [], flags: {}, onlyArguments: false };
  for (const word of words) {
    if (place.option !== undefined) {
      place.flags[place.option.long ?? ''] = word;
      place.option = undefined;
    } else if (!place.onlyArguments && word === '--') {
      place.onlyArguments = true;
    } else if (!place.onlyArguments && word.startsWith('-')) {
      const [flag = '', value] = word.split('=', 2);
      const option = optionsOf(place.command).find(({ long, short }) => flag === long || flag === short);
      if (option?.required === true && value === undefined) place.option = option;
      else if (value !== undefined) place.flags[flag] = value;
    } else {
      const below = place.command.subcommands.find((each) => each.name() === word);
      if (below !== undefined && place.argumentsGiven.length === 0) place.command = below;
      // `help` is followed by what could stand in its place.
      else if (word !== 'help' || !isNoun(place.command)) place.argumentsGiven.push(word);
    }
  }
  return place;
}

/** Those of the command and of all above it. */
function optionsOf(command: CliCommand): Option[] {
  const help = command.createHelp();
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
}

function flagOf({ long, description }: Option): Candidate[] {
  return long === undefined ? [] : [{ word: long, about: description }];
}

interface Typed {
  /** The value, as far as there is one. */
  readonly typed: string | undefined;
  /** The first argument of the command, where it stands before. */
  readonly before?: string | undefined;
}

/** By what the place is called in the help, as `<symbol>` is. */
function valuesOf(place: Option | Argument, { typed = '', before }: Typed): Omit<Completion, 'flags'> {
  const name = 'flags' in place ? (/[<[]([\w-]+)/.exec(place.flags)?.[1] ?? '') : place.name();
  if (place instanceof ListOption) return listed(place, typed);
  if (name === 'value') return settingValues(before);
  const words = place.argChoices ?? wordsByName[name]?.();
  if (words !== undefined) return { candidates: words.map((word) => ({ word })) };
  const names = namesByName[name];
  if (names !== undefined) return { candidates: [], names };
  return { candidates: [], files: filesByName.has(name) };
}

/** What may follow the last comma: all but what stands before it. */
function listed({ long, argChoices = [] }: ListOption, typed: string): Omit<Completion, 'flags'> {
  const prefix = typed.slice(0, typed.lastIndexOf(',') + 1);
  if (long === '--symbols') return { candidates: [], names: 'symbols', prefix };
  const given = prefix.split(',');
  const left = argChoices.filter((word) => !given.includes(word));
  return { candidates: left.map((word) => ({ word: `${prefix}${word}` })) };
}

function settingValues(setting: string | undefined): Omit<Completion, 'flags'> {
  const name = settingNames.find((each) => each === setting);
  if (name === undefined) return { candidates: [] };
  const { words = [], isPath = false } = specOf(name).kind;
  return { candidates: words.map((word) => ({ word })), files: isPath };
}

const wordsByName: Readonly<Record<string, () => readonly string[]>> = {
  timeframe: () => timeframes,
  setting: () => settingNames,
  zone: () => ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')],
};

/** What a place of a command names, by what the help calls it. */
export const namesByName: Readonly<Record<string, NameSource>> = {
  symbol: 'symbols',
  symbols: 'symbols',
  model: 'models',
  first: 'models',
  second: 'models',
  id: 'operations',
  type: 'types',
  template: 'templates',
};

const filesByName = new Set(['file', 'files', 'strategy', 'directory']);
