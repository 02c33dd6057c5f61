import type { CancellationToken } from '../../../async/index.ts';
import type { Flags, Settings } from '../../../config/index.ts';
import type { Interruption } from '../interruptible.ts';

/** What every command is given. */
export interface CommandContext {
  readonly settings: Settings;
  readonly token: CancellationToken;
  readonly interruption: Interruption;
}

/** Wraps a client command: settings from flags and environment, signals to the token, the code to the process. */
export type ClientCommand = <A extends unknown[]>(
  act: (context: CommandContext, ...given: A) => Promise<number | void>,
) => (...given: A) => Promise<void>;

/** Wraps a command that stays up and handles signals itself. */
export type ServerCommand = <A extends unknown[]>(
  act: (settings: Settings, ...given: A) => Promise<number>,
) => (...given: A) => Promise<void>;

/** Wraps a command about the settings themselves: it has to work while they are wrong, so it is given the flags alone. */
export type SettingsCommand = <A extends unknown[]>(
  act: (flags: Flags, ...given: A) => Promise<number | void>,
) => (...given: A) => Promise<void>;

/** What the commands below a noun are built with. */
export interface Wrappers {
  readonly client: ClientCommand;
  readonly server: ServerCommand;
  readonly settings: SettingsCommand;
}
