import { CancellationSource, type CancellationToken } from '../../async/index.ts';
import { terminal } from './terminal.ts';

export interface Interruption {
  /** Set once a signal has come. 130 for Ctrl-C, 143 for SIGTERM. */
  readonly exitCode: number | undefined;
  /** Answers the first Ctrl-C in the place of the usual words, until it is disposed of. */
  answerWith(say: () => void): Disposable;
}

/**
 * Runs a command whose token follows the signals of the process: the first Ctrl-C asks for a clean stop and says so, the
 * second one ends the process on the spot.
 */
export async function interruptible<T>(
  act: (token: CancellationToken, interruption: Interruption) => Promise<T>,
): Promise<T> {
  using source = new CancellationSource();
  let exitCode: number | undefined;
  let answer = sayCancelling;
  const onInterrupt = (): void => {
    if (exitCode !== undefined) process.exit(exitCode);
    exitCode = 130;
    answer();
    source.cancel('user');
  };
  const onTerminate = (): void => {
    exitCode ??= 143;
    source.cancel('shutdown');
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onTerminate);
  try {
    return await act(source.token, {
      get exitCode() {
        return exitCode;
      },
      answerWith(say) {
        answer = say;
        return { [Symbol.dispose]: () => void (answer = sayCancelling) };
      },
    });
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onTerminate);
  }
}

export const cancellingWords = 'Cancelling; press Ctrl-C again to stop without waiting.';

/** On a line of its own: a terminal has written `^C`. */
function sayCancelling(): void {
  terminal.note(`\n${cancellingWords}`);
}
