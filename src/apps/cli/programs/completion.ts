import { Argument } from 'commander';
import { CliCommand } from '../cli-command.ts';
import { shells, type Shell } from '../completion/completion-scripts.ts';
import type { Wrappers } from './command.ts';

/** Teaches a shell. */
export function completeCompletion(completion: CliCommand, { settings }: Wrappers): void {
  completion
    .addArgument(new Argument('<shell>', 'which one').choices(shells))
    .examples(
      'eval "$(ktrdr completion bash)"',
      'source <(ktrdr completion zsh)',
      'ktrdr completion fish > ~/.config/fish/completions/ktrdr.fish',
    )
    .action(settings(async (_, shell: Shell) => (await import('../commands/completion.ts')).script(shell)));
}

/** What the shell asks then. */
export function completeComplete(command: CliCommand, { settings }: Wrappers): void {
  command
    .argument('[words...]')
    .helpOption(false)
    .action(
      settings(async (flags, words: string[]) => {
        const { complete } = await import('../commands/completion.ts');
        // The words themselves have had the tree built as far as they name it.
        if (command.parent instanceof CliCommand) await complete(command.parent, flags, words);
      }),
    );
}
