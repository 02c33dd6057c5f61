import { InvalidArgumentError } from 'commander';
import { noSetting, sentenceOf, settingNames, type SettingName } from '../../../config/index.ts';
import type { CliCommand } from '../cli-command.ts';
import type { ListOptions, PlaceOptions } from '../commands/config.ts';
import type { Wrappers } from './command.ts';
import { withJson, type JsonOption } from './shared-options.ts';

/** The commands for the settings. */
export function addConfigCommands(config: CliCommand, { settings }: Wrappers): void {
  config
    .examples('ktrdr config list --show-origin', 'ktrdr config set ib.gateway.port 7497')
    .addHelpText('after', '\nAll settings: docs/configuration.md');
  withJson(
    config
      .command('list')
      .description('show every setting, and everything that is wrong with them')
      .option('--show-origin', 'also say which flag, variable or line of a file set it'),
  )
    .examples('ktrdr config list', 'ktrdr config list --show-origin')
    .action(
      settings(async (flags, options: ListOptions) => (await import('../commands/config.ts')).list(flags, options)),
    );
  withJson(ofSetting(config, 'get', 'show one setting'))
    .examples('ktrdr config get ib.gateway.port')
    .action(
      settings(async (flags, name: SettingName, options: JsonOption) =>
        (await import('../commands/config.ts')).get(flags, name, options),
      ),
    );
  withPlace(
    ofSetting(config, 'set', 'write a setting into a file; comments in it stay').argument('<value>', 'its new value'),
  )
    .examples('ktrdr config set ib.gateway.port 7497', 'ktrdr config set home ./data --project')
    .action(
      settings(async (flags, name: SettingName, value: string, options: PlaceOptions) =>
        (await import('../commands/config.ts')).set(flags, { name, value }, options),
      ),
    );
  withPlace(ofSetting(config, 'unset', 'remove a setting from a file; comments in it stay'))
    .examples('ktrdr config unset ib.gateway.port')
    .action(
      settings(async (flags, name: SettingName, options: PlaceOptions) =>
        (await import('../commands/config.ts')).unset(flags, name, options),
      ),
    );
}

/** A command on one setting. */
function ofSetting(config: CliCommand, name: string, description: string): CliCommand {
  return config
    .command(name)
    .description(description)
    .argument('<setting>', 'such as ib.gateway.port', settingArgument);
}

function withPlace(command: CliCommand): CliCommand {
  return withJson(
    command
      .option('--user', "in the user's file, which is the default")
      .option('--project', 'in the ktrdr.yaml of this directory or of one above it'),
  );
}

function settingArgument(text: string): SettingName {
  const name = settingNames.find((each) => each === text);
  if (name === undefined) throw new InvalidArgumentError(sentenceOf(noSetting(text)));
  return name;
}
