import { CommanderError } from 'commander';
import { KtrdrError } from '../../base/index.ts';
import { createProgram } from './program.ts';
import { printError } from './terminal.ts';
import { wantsJson } from './wants-json.ts';

/** Runs what was typed after `ktrdr` on a tree of commands, and prints why it failed if it does. @returns the exit code. */
export async function runCommandLine(argv: readonly string[], create = createProgram): Promise<number> {
  let exitCode = 0;
  try {
    const program = await create((code) => (exitCode = code), argv);
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
    const error = thrown instanceof CommanderError ? usageError(thrown) : KtrdrError.from(thrown);
    // Who names a noun without a command has been shown its help.
    if (error !== undefined) printError(error, { asJson: wantsJson(argv) });
    return exitCode === 0 ? (error?.exitCode ?? 2) : exitCode;
  }
}

function usageError({ code, message }: CommanderError): KtrdrError | undefined {
  if (code === 'commander.help') return undefined;
  return new KtrdrError('invalid_input', shortened(message));
}

/** What was typed is a part of the sentence, however long it is. */
function shortened(text: string): string {
  return text.length <= 1_000 ? text : `${text.slice(0, 200)}...${text.slice(-200)}`;
}
