import { processSettings, type Flags } from '../../../config/index.ts';
import type { CliCommand } from '../cli-command.ts';
import { completionOf, type Candidate, type NameSource } from '../completion/completion.ts';
import { completionScript, type Shell } from '../completion/completion-scripts.ts';
import { knownNames } from '../completion/known-names.ts';
import { terminal } from '../terminal.ts';

export function script(shell: Shell): Promise<void> {
  terminal.print(completionScript(shell).trimEnd());
  return Promise.resolve();
}

/** Prints what may stand at the end of a line that is being typed. Whatever goes wrong, nothing is said in between. */
export async function complete(program: CliCommand, flags: Flags, words: readonly string[]): Promise<void> {
  const { candidates, names, files = false, prefix = '', flags: typed } = completionOf(program, words);
  for (const candidate of candidates) print(candidate);
  if (names !== undefined) {
    const current = words.at(-1) ?? '';
    const found = await namesOf(names, { ...flags, ...typed }).catch((): Candidate[] => []);
    for (const { word, ...rest } of found) {
      if (`${prefix}${word}`.startsWith(current)) print({ word: `${prefix}${word}`, ...rest });
    }
  }
  if (files) terminal.print(':files');
}

function print({ word, about }: Candidate): void {
  terminal.print(about === undefined ? word : `${word}\t${about}`);
}

async function namesOf(names: NameSource, flags: Flags): Promise<Candidate[]> {
  return knownNames(names, await processSettings({}, { '--home': flags['--home'], '--api': flags['--api'] }));
}
