/**
 * Long work in short steps: it yields where others may take a turn, and returns its result. Who runs it chooses whether
 * they do.
 */
export type Steps<T> = Generator<void, T>;

/** Runs the steps one after the other, and nothing else meanwhile. */
export function allAtOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
