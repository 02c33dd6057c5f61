import type { Operation } from '../../../operations/index.ts';

/** Where somebody sees long work that he watches. */
export interface Display extends Disposable {
  /** The work as it is now. */
  show(operation: Operation): void;
  /** A child of it as it is now. Who does not show children is not told of them. */
  readonly showChild?: (child: Operation) => void;
  /** What there is to say of the watching itself, until it is said anew; nothing when empty. */
  say(words: string): void;
  /** How it ended, or was left, in one line. */
  end(line: string): void;
}

/** For who wants to see nothing but the result. */
export const noDisplay: Display = {
  show: () => {},
  say: () => {},
  end: () => {},
  [Symbol.dispose]: () => {},
};
