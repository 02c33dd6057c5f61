import { KtrdrError, nearestName } from '../../../base/index.ts';
import type { Settings } from '../../../config/index.ts';
import type { CliCommand } from '../cli-command.ts';
import { namesByName } from './completion.ts';
import { knownNames } from './known-names.ts';

/** An error about something that was not found, with the known name that is nearest to what was typed, if one is near. */
export async function withSuggestion(error: KtrdrError, command: CliCommand, settings: Settings): Promise<KtrdrError> {
  if (/did you mean/i.test(error.message)) return error;
  for (const [index, argument] of command.registeredArguments.entries()) {
    const source = namesByName[argument.name()];
    if (source === undefined) continue;
    const names = await knownNames(source, settings).then(
      (known) => known.map(({ word }) => word),
      () => [],
    );
    const typed = argument.variadic ? command.args.slice(index) : command.args.slice(index, index + 1);
    for (const word of typed) {
      const name = source === 'operations' ? names.find((id) => isPartOf(id, word)) : nearestName(word, names);
      if (name === undefined || name.toLowerCase() === word.toLowerCase()) continue;
      const { code, message, details } = error;
      return new KtrdrError(code, `${message} Did you mean "${name}"?`, { cause: error, details });
    }
  }
  return error;
}

/** Ids are copied, and lose their beginning or their end on the way. */
function isPartOf(id: string, word: string): boolean {
  return word.length >= 4 && (id.startsWith(word) || id.endsWith(word));
}
