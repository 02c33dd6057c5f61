import { KtrdrError } from './errors.ts';

/** What a call throws, for a closer look; a call that returns is itself a failure. */
export function thrownBy(act: () => unknown): KtrdrError {
  try {
    act();
  } catch (thrown) {
    return KtrdrError.from(thrown);
  }
  throw new Error('The call returned where it was to throw.');
}
