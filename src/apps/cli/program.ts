import { KtrdrError } from '../../base/index.ts';
import type { Flags, Settings } from '../../config/index.ts';
import { CliCommand } from './cli-command.ts';
import { version } from '../version.ts';
import { interruptible } from './interruptible.ts';
import { filledOption } from './programs/filled-option.ts';
import { refuseOldNode } from './oldest-node.ts';
import type { ClientCommand, ServerCommand, SettingsCommand, Wrappers } from './programs/command.ts';
import { printError, terminal } from './terminal.ts';
import { wantsJson } from './wants-json.ts';

interface Word {
  readonly name: string;
  readonly description: string;
  readonly isHidden?: boolean;
  /** Completes the command: its options and action, or the commands below it. */
  readonly load: () => Promise<(command: CliCommand, wrappers: Wrappers) => void>;
}

/** What can follow `ktrdr`. What follows that in turn is loaded when it is typed: help and completion begin at once. */
const groups: Readonly<Record<string, readonly Word[]>> = {
  'To start:': [
    {
      name: 'demo',
      description: 'run the whole chain once: simulated gateway, load, train; then stop everything',
      load: async () => (await import('./programs/platform.ts')).completeDemo,
    },
    {
      name: 'up',
      description: 'start the API, and the host services that the settings route to; stay up',
      load: async () => (await import('./programs/platform.ts')).completeUp,
    },
    {
      name: 'down',
      description: 'stop what runs in the home, wherever it was started',
      load: async () => (await import('./programs/platform.ts')).completeDown,
    },
    {
      name: 'doctor',
      description: 'look at everything that ktrdr needs, from Node to the gateway, and say what to do',
      load: async () => (await import('./programs/platform.ts')).completeDoctor,
    },
  ],
  'To work:': [
    {
      name: 'data',
      description: 'market history',
      load: async () => (await import('./programs/data.ts')).addDataCommands,
    },
    {
      name: 'strategies',
      description: 'strategy files: what a model learns, from what, and how',
      load: async () => (await import('./programs/strategies.ts')).addStrategyCommands,
    },
    {
      name: 'models',
      description: 'neuro-fuzzy models',
      load: async () => (await import('./programs/models.ts')).addModelCommands,
    },
    {
      name: 'ops',
      description: 'operations: every long job, wherever it runs',
      load: async () => (await import('./programs/ops.ts')).addOpsCommands,
    },
  ],
  'Parts of the platform:': [
    {
      name: 'gateway',
      description: 'the Interactive Brokers gateway',
      load: async () => (await import('./programs/gateway.ts')).addGatewayCommands,
    },
    {
      name: 'host',
      description: 'host services: load or train in a process or on a machine of their own',
      load: async () => (await import('./programs/host.ts')).addHostCommands,
    },
  ],
  'To set up:': [
    {
      name: 'config',
      description: 'settings: what they are, where they come from, change them',
      load: async () => (await import('./programs/config.ts')).addConfigCommands,
    },
    {
      name: 'completion',
      description: 'print the script by which a shell completes commands, options and names',
      load: async () => (await import('./programs/completion.ts')).completeCompletion,
    },
    {
      name: 'bench',
      description: 'measure for a few seconds what this machine does: reading bars, training, cancels; leaves nothing',
      load: async () => (await import('./programs/bench.ts')).completeBench,
    },
    {
      name: '__complete',
      description: 'what a shell asks',
      isHidden: true,
      load: async () => (await import('./programs/completion.ts')).completeComplete,
    },
  ],
};

const allWords = Object.values(groups).flatMap((words) => words.map(({ name }) => name));

interface GlobalOptions {
  home?: string;
  api?: string;
  quiet?: boolean;
}

/**
 * The command tree, as far as `argv` names it, or the whole of it. Each command's code is loaded when it runs. `setExitCode`
 * hears of a code other than 0. What is wrong with a command line is thrown, and printed by nobody here.
 */
export async function createProgram(
  setExitCode: (code: number) => void,
  argv: readonly string[] = allWords,
): Promise<CliCommand> {
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
    .hook('preAction', (_, action) => {
      // The doctor tells of it among all else, and in the middle of a line nobody wants to hear of it.
      if (!['doctor', '__complete'].includes(action.name())) refuseOldNode(process.version);
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
      interruptible(
        async (token, interruption) => {
          const settings = await settingsOf(program);
          try {
            setExitCode((await act({ settings, token, interruption }, ...given)) ?? 0);
          } catch (error) {
            if (interruption.exitCode !== undefined) setExitCode(interruption.exitCode);
            throw await suggesting(error, given.at(-1), settings);
          }
          if (interruption.exitCode !== undefined) setExitCode(interruption.exitCode);
        },
        (error) => printError(error, { asJson: wantsJson(argv) }),
      );

  const server: ServerCommand =
    (act) =>
    async (...given) =>
      setExitCode(await act(logged(await settingsOf(program)), ...given));

  const settings: SettingsCommand =
    (act) =>
    async (...given) =>
      setExitCode((await act(flagsOf(program), ...given)) ?? 0);

  for (const [group, words] of Object.entries(groups)) {
    program.commandsGroup(group);
    for (const { name, description, load, isHidden = false } of words) {
      const command = program.command(name, { hidden: isHidden }).description(description);
      if (argv.includes(name)) (await load())(command, { client, server, settings });
    }
  }
  return program;
}

/** An error of a command; where it is about a name, with the one that may have been meant. */
async function suggesting(error: unknown, command: unknown, settings: Settings): Promise<unknown> {
  if (!(error instanceof KtrdrError && error.code === 'not_found' && command instanceof CliCommand)) return error;
  const { withSuggestion } = await import('./completion/suggest-name.ts');
  return withSuggestion(error, command, settings);
}

async function settingsOf(program: CliCommand): Promise<Settings> {
  const { processSettings } = await import('../../config/index.ts');
  return processSettings({}, flagsOf(program));
}

/** A service tells of itself in its log, which `--quiet` is about as well. */
function logged(settings: Settings): Settings {
  const { isQuiet } = terminal;
  return isQuiet && settings.logLevel !== 'silent' ? { ...settings, logLevel: 'error' } : settings;
}

function flagsOf(program: CliCommand): Flags {
  const { home, api } = program.opts<GlobalOptions>();
  return { '--home': home, '--api': api };
}
