import { Command, type ErrorOptions, type HelpContext } from 'commander';
import { nearestName } from '../../base/index.ts';
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

  /**
   * The help of the command that the line names: in `help data load` its names stand behind the word. One that is not there
   * is told, since other help would pass for the answer.
   */
  override outputHelp(context?: HelpContext | ((text: string) => string)): void {
    this.named(this.namesBehind()).printHelp(typeof context === 'object' ? context : { error: false });
  }

  override error(message: string, options?: ErrorOptions): never {
    const [, sentence = '', hint] = /^(?:error: )?([^]*?)(?:\n\((Did you mean [^]*)\))?$/.exec(message) ?? [];
    // What is said of a value says what to write instead.
    const isComplete = /[.?]$/.test(sentence);
    const next = hint ?? (isComplete ? '' : `See "${this.path} --help".`);
    super.error(`${visible(sentence)}${isComplete ? '' : '.'} ${visible(next)}`.trimEnd(), options);
  }

  /** Names of commands below this one, as far as the line has any. */
  private namesBehind(): readonly string[] {
    if (this.args[0] === 'help') return this.args.slice(1);
    // Whoever is asked by the word passes on to the first name behind it.
    if (this.parent?.args[0] === 'help') return this.parent.args.slice(2);
    return this.args;
  }

  private named([name, ...more]: readonly string[]): CliCommand {
    if (name === undefined || name === 'help' || name.startsWith('-') || this.subcommands.length === 0) return this;
    const below = this.subcommands.find((command) => command.name() === name);
    if (below !== undefined) return below.named(more);
    const near = nearestName(
      name,
      this.subcommands.map((command) => command.name()),
    );
    const hint = near === undefined ? '' : `\n(Did you mean ${near}?)`;
    return this.error(`unknown command '${name}'${hint}`, { code: 'commander.unknownCommand' });
  }

  private printHelp(context: HelpContext): void {
    super.outputHelp(context);
  }
}
