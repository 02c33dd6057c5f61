import { Command, type ErrorOptions } from 'commander';
import { visible } from './visible.ts';

/** A command as this program has them: with examples below its help, and faults of usage told in one line. */
export class CliCommand extends Command {
  readonly exampleLines: string[] = [];

  override createCommand(name?: string): CliCommand {
    return new CliCommand(name);
  }

  /** Command lines as one would type them. */
  examples(first: string, ...more: readonly string[]): this {
    this.exampleLines.push(first, ...more);
    const lines = this.exampleLines.map((line) => `  $ ${line}`);
    return this.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
  }

  get subcommands(): readonly CliCommand[] {
    return this.commands.filter((command) => command instanceof CliCommand);
  }

  /** `ktrdr data load`: what is typed to run it. */
  get path(): string {
    return this.parent instanceof CliCommand ? `${this.parent.path} ${this.name()}` : this.name();
  }

  override error(message: string, options?: ErrorOptions): never {
    const [, sentence = '', hint] = /^(?:error: )?([^]*?)(?:\n\((Did you mean [^]*)\))?$/.exec(message) ?? [];
    // What is said of a value says what to write instead.
    const isComplete = sentence.endsWith('.');
    const next = hint ?? (isComplete ? '' : `See "${this.path} --help".`);
    super.error(`${visible(sentence)}${isComplete ? '' : '.'} ${visible(next)}`.trimEnd(), options);
  }
}
