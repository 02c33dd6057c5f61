import { CancellationSource, type CancellationToken } from '../../async/index.ts';
import { KtrdrError } from '../../base/index.ts';
import { terminal } from './terminal.ts';

export interface Interruption {
  /** Set once a signal has come. 130 for Ctrl-C, 143 for SIGTERM. */
  readonly exitCode: number | undefined;
  /** Answers Ctrl-C in the place of the usual words, until it is disposed of. */
  answerWith(answers: Partial<Answers>): Disposable;
}

interface Answers {
  /** Says what the first one does. */
  readonly first: () => void;
  /** Says with which error the second one ends the process, and so what goes on without it. */
  readonly second: () => KtrdrError;
}

/**
 * Runs a command whose token follows the signals of the process: the first Ctrl-C asks for a clean stop and says so, the
 * second one ends the process on the spot, after `tell` has told of the error.
 */
export async function interruptible<T>(
  act: (token: CancellationToken, interruption: Interruption) => Promise<T>,
  tell: (error: KtrdrError) => void,
): Promise<T> {
  using source = new CancellationSource();
  let exitCode: number | undefined;
  let answers = usualAnswers;
  const onInterrupt = (): void => {
    if (exitCode !== undefined) {
      tell(answers.second());
      process.exit(exitCode);
    }
    exitCode = 130;
    answers.first();
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
      answerWith(given) {
        answers = { ...usualAnswers, ...given };
        return { [Symbol.dispose]: () => void (answers = usualAnswers) };
      },
    });
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onTerminate);
  }
}

export const cancellingWords = 'Cancelling; press Ctrl-C again to stop without waiting.';

const usualAnswers: Answers = {
  // On a line of its own: a terminal has written `^C`.
  first: () => terminal.note(`\n${cancellingWords}`),
  second: () => new KtrdrError('cancelled', 'Ended without waiting for a clean stop.', { details: { reason: 'user' } }),
};
