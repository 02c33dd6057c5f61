import { processSettings, type Flags } from '../../config/index.ts';
import { CliCommand } from './cli-command.ts';
import { version } from '../version.ts';
import { interruptible } from './interruptible.ts';
import { filledOption } from './parse-options.ts';
import type { ClientCommand, ServerCommand, SettingsCommand } from './programs/command.ts';
import { addCompletionCommands } from './programs/completion.ts';
import { addConfigCommands } from './programs/config.ts';
import { addDataCommands } from './programs/data.ts';
import { addGatewayCommands } from './programs/gateway.ts';
import { addHostCommands } from './programs/host.ts';
import { addModelCommands } from './programs/models.ts';
import { addOpsCommands } from './programs/ops.ts';
import { addPlatformCommands } from './programs/platform.ts';
import { addStrategyCommands } from './programs/strategies.ts';
import { terminal } from './terminal.ts';

interface GlobalOptions {
  home?: string;
  api?: string;
  quiet?: boolean;
}

/**
 * The command tree. Each command's code is loaded when it runs. `setExitCode` hears of a code other than 0. What is wrong
 * with a command line is thrown, and printed by nobody here.
 */
export function createProgram(setExitCode: (code: number) => void): CliCommand {
  const program = new CliCommand('ktrdr')
    .description('Load market history, train neuro-fuzzy models on it, and watch every long job the same way.')
    .option(
      '--home <directory>',
      'where ktrdr keeps its data (default: $KTRDR_HOME or the XDG data directory)',
      filledOption,
    )
    .option('--api <url>', 'the API to talk to (default: $KTRDR_API_URL or http://127.0.0.1:8000/api/v1)', filledOption)
    .option('-q, --quiet', 'print nothing on stderr but errors')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .commandsGroup('Help:')
    .helpCommand('help [command]', 'show the help of a command')
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .configureHelp({ showGlobalOptions: true })
    .hook('preAction', () => {
      if (program.opts<GlobalOptions>().quiet === true) terminal.hush();
    })
    .examples(
      'ktrdr demo',
      'ktrdr up --simulate',
      'ktrdr data load AAPL -t 1h --start 2023-01-01',
      'ktrdr models train momentum.yaml',
    );

  const client: ClientCommand =
    (act) =>
    (...given) =>
      interruptible(async (token, interruption) => {
        try {
          const settings = await processSettings({}, flagsOf(program));
          setExitCode((await act({ settings, token, interruption }, ...given)) ?? 0);
        } catch (error) {
          if (interruption.exitCode !== undefined) setExitCode(interruption.exitCode);
          throw error;
        }
        if (interruption.exitCode !== undefined) setExitCode(interruption.exitCode);
      });

  const server: ServerCommand =
    (act) =>
    async (...given) =>
      setExitCode(await act(await processSettings({}, flagsOf(program)), ...given));

  const settings: SettingsCommand =
    (act) =>
    async (...given) =>
      setExitCode((await act(flagsOf(program), ...given)) ?? 0);

  program.commandsGroup('To start:');
  addPlatformCommands(program, { client, server, settings });
  program.commandsGroup('To work:');
  addDataCommands(program, client);
  addStrategyCommands(program, client);
  addModelCommands(program, client);
  addOpsCommands(program, client);
  program.commandsGroup('Parts of the platform:');
  addGatewayCommands(program, { client, server });
  addHostCommands(program, server);
  program.commandsGroup('To set up:');
  addConfigCommands(program, settings);
  addCompletionCommands(program, settings);
  return program;
}

function flagsOf(program: CliCommand): Flags {
  const { home, api } = program.opts<GlobalOptions>();
  return { '--home': home, '--api': api };
}
