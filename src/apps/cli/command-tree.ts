import type { CliCommand } from './cli-command.ts';

/** A command and all that are below it, hidden ones left out, each before those below it. */
export function commandsOf(command: CliCommand): CliCommand[] {
  const visible = new Set(command.createHelp().visibleCommands(command));
  return [command, ...command.subcommands.filter((each) => visible.has(each)).flatMap(commandsOf)];
}

/** Which has commands below it, and does nothing by itself. */
export function isNoun(command: CliCommand): boolean {
  return command.subcommands.length > 0;
}
