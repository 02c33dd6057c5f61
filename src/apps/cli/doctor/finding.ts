import { CancellationSource, systemClock, type CancellationToken } from '../../../async/index.ts';
import { KtrdrError } from '../../../base/index.ts';

/** `warn`: something will not work, and nobody may need it. */
export interface Finding {
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  /** What to do about it. */
  readonly advice?: string;
}

export interface Check {
  readonly name: string;
  readonly look: (token: CancellationToken) => Finding | Promise<Finding>;
}

export interface Found extends Finding {
  readonly name: string;
}

interface Diagnosis {
  readonly found: readonly Found[];
  /** Whether something was not waited for, which may keep the process from ending. */
  readonly gaveUp: boolean;
}

/** Looks at everything at once. None takes longer than `limitMs`, whatever it meets. */
export async function runChecks(checks: readonly Check[], limitMs: number): Promise<Diagnosis> {
  let gaveUp = false;
  const found = await Promise.all(
    checks.map(async ({ name, look }): Promise<Found> => {
      using source = new CancellationSource();
      const late = new Promise<Finding>((resolve) => {
        const timer = systemClock.after(limitMs, () => {
          gaveUp = true;
          source.cancel('timeout');
          resolve({ status: 'fail', detail: `could not be determined within ${limitMs / 1_000} s` });
        });
        source.token.onCancelled(() => timer[Symbol.dispose]());
      });
      const finding = await Promise.race([lookAt(look, source.token), late]);
      source.cancel('shutdown');
      return { name, ...finding };
    }),
  );
  return { found, gaveUp };
}

async function lookAt(look: Check['look'], token: CancellationToken): Promise<Finding> {
  try {
    return await look(token);
  } catch (thrown) {
    return { status: 'fail', detail: KtrdrError.from(thrown).message };
  }
}
