import { Argument } from 'commander';
import type { CliCommand } from '../cli-command.ts';
import { shells, type Shell } from '../completion-scripts.ts';
import type { SettingsCommand } from './command.ts';

/** The command that teaches a shell, and the hidden one that the shell asks. */
export function addCompletionCommands(program: CliCommand, settings: SettingsCommand): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'which one').choices(shells))
    .description('print what a shell runs to complete commands, options and names')
    .examples(
      'source <(ktrdr completion bash)',
      'source <(ktrdr completion zsh)',
      'ktrdr completion fish > ~/.config/fish/completions/ktrdr.fish',
    )
    .action(settings(async (_, shell: Shell) => (await import('../commands/completion.ts')).script(shell)));
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .helpOption(false)
    .action(
      settings(async (flags, words: string[]) =>
        (await import('../commands/completion.ts')).complete(program, flags, words),
      ),
    );
}
