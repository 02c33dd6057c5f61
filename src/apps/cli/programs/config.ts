import { InvalidArgumentError, type Command } from 'commander';
import { noSetting, settingNames, type SettingName } from '../../../config/index.ts';
import type { ListOptions, PlaceOptions } from '../commands/config.ts';
import type { SettingsCommand } from './command.ts';

/** The commands for the settings. */
export function addConfigCommands(program: Command, settings: SettingsCommand): void {
  const config = program.command('config').description('settings: what they are, where they come from, change them');
  config
    .command('list')
    .description('show every setting, and everything that is wrong with them')
    .option('--show-origin', 'also say which flag, variable or line of a file set it')
    .option('--json', 'print JSON')
    .action(
      settings(async (flags, options: ListOptions) => (await import('../commands/config.ts')).list(flags, options)),
    );
  config
    .command('get')
    .description('show one setting')
    .argument('<name>', 'such as ib.gateway.port', settingArgument)
    .option('--json', 'print JSON')
    .action(
      settings(async (flags, name: SettingName, options: { json?: boolean }) =>
        (await import('../commands/config.ts')).get(flags, name, options),
      ),
    );
  placed(
    config
      .command('set')
      .description('write a setting into a file; comments in it stay')
      .argument('<name>', 'such as ib.gateway.port', settingArgument)
      .argument('<value>', 'what it is to be'),
  )
    .addHelpText('after', setExamples)
    .action(
      settings(async (flags, name: SettingName, value: string, options: PlaceOptions) =>
        (await import('../commands/config.ts')).set(flags, { name, value }, options),
      ),
    );
  placed(
    config
      .command('unset')
      .description('remove a setting from a file')
      .argument('<name>', 'such as ib.gateway.port', settingArgument),
  ).action(
    settings(async (flags, name: SettingName, options: PlaceOptions) =>
      (await import('../commands/config.ts')).unset(flags, name, options),
    ),
  );
}

function placed(command: Command): Command {
  return command
    .option('--user', 'in the file of the user, which is the default')
    .option('--project', 'in the ktrdr.yaml of this directory or of one above it')
    .option('--json', 'print JSON');
}

function settingArgument(text: string): SettingName {
  const name = settingNames.find((each) => each === text);
  if (name === undefined) throw new InvalidArgumentError(noSetting(text));
  return name;
}

const setExamples = `
Examples:
  ktrdr config set ib.gateway.port 7497
  ktrdr config set home ./data --project

All settings: docs/configuration.md`;
