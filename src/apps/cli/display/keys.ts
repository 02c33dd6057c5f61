import { openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { systemClock } from '../../../async/index.ts';
import { terminalTurn } from './foreground.ts';

interface KeysOptions {
  /** Whether there are keys to be read; signals are heard all the same. */
  readonly hasKeys: boolean;
  /** By the character that a key sends. */
  readonly keys: Readonly<Record<string, () => void>>;
  /** Hears that somebody else gets the terminal, before the process is stopped or ended. */
  readonly onLeave: () => void;
  /** Hears that the process has the terminal again. */
  readonly onReturn: () => void;
}

/** What a terminal makes of these characters as long as nobody reads keys one by one. */
const signals: Readonly<Record<string, NodeJS.Signals>> = { '\x03': 'SIGINT', '\x1A': 'SIGTSTP', '\x1C': 'SIGQUIT' };
/** Signals that stop or end a process without asking it. */
const endings = ['SIGTSTP', 'SIGQUIT', 'SIGHUP'] as const;
// oxlint-disable-next-line no-control-regex -- the escape character is what arrow keys begin with
const escapeSequence = /\x1B(?:[[O][0-?]*[ -/]*[@-~]|.)?/gs;
const lookAgainMs = 1_000;

/**
 * Hears of single keys, without echo and without Enter, until it is disposed of. Keys that a terminal makes signals of
 * still do, for the whole process group as ever, and whatever becomes of the process, the terminal is as it was before.
 * Only for a process that has the terminal.
 */
export class Keys implements Disposable {
  readonly #options: KeysOptions;
  readonly #onData = (data: Buffer): void => this.#press(data.toString('latin1'));
  readonly #onEnding = (signal: NodeJS.Signals): void => this.#leave(signal);
  readonly #onContinue = (): void => void this.#return();
  #terminal: ReadStream | undefined;
  #isReading = false;
  #isDisposed = false;

  constructor(options: KeysOptions) {
    this.#options = options;
    process.on('SIGCONT', this.#onContinue);
    this.#read();
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    process.off('SIGCONT', this.#onContinue);
    this.#release();
  }

  #read(): void {
    this.#isReading = true;
    for (const signal of endings) process.on(signal, this.#onEnding);
    if (this.#options.hasKeys) this.#terminal = openTerminal();
    this.#terminal?.setRawMode(true);
    // One that is taken away has no keys any more.
    this.#terminal?.on('data', this.#onData).on('error', () => {});
  }

  #release(): void {
    if (!this.#isReading) return;
    this.#isReading = false;
    for (const signal of endings) process.off(signal, this.#onEnding);
    this.#terminal?.setRawMode(false);
    this.#terminal?.destroy();
    this.#terminal = undefined;
  }

  #press(text: string): void {
    for (const key of text.replace(escapeSequence, '')) {
      const signal = signals[key];
      if (signal === undefined) this.#options.keys[key]?.();
      // To the process group, as the terminal does: a program around this one, such as npx, must hear of it, too.
      else process.kill(0, signal);
    }
  }

  /** Gives the terminal back, and then lets the signal do what it does by itself. */
  #leave(signal: NodeJS.Signals): void {
    this.#release();
    this.#options.onLeave();
    process.kill(process.pid, signal);
  }

  /** One that goes on in the background waits for its turn; nothing tells it when somebody brings it to the front. */
  async #return(): Promise<void> {
    const turn = await terminalTurn();
    if (this.#isDisposed || this.#isReading) return;
    if (turn === 'others') {
      systemClock.after(lookAgainMs, this.#onContinue);
      return;
    }
    this.#read();
    this.#options.onReturn();
  }
}

/**
 * The terminal of the process, opened for as long as it is read: it is set right when it is closed, and a process that
 * still had it open at its end would be stopped for that in the background. Undefined for a process without one, whatever
 * its input is.
 */
function openTerminal(): ReadStream | undefined {
  try {
    return new ReadStream(openSync('/dev/tty', 'r'));
  } catch {
    return undefined;
  }
}
