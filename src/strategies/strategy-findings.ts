import type { z } from 'zod';
import { findingsOf, suggestion, type Finding } from '../base/index.ts';
import { refusedKey } from './refused-keys.ts';

interface Checked {
  readonly schema: z.core.$ZodType;
  /** The value that was checked. */
  readonly root: unknown;
  /** Where that value stands in the file. */
  readonly base?: readonly PropertyKey[];
}

/** What a schema found in a strategy, with what to do about keys of other grammars. */
export function strategyFindings(issues: readonly z.core.$ZodIssue[], checked: Checked): Finding[] {
  return findingsOf(issues, {
    ...checked,
    whole: 'the strategy',
    unknownKey: (path, known) => {
      const key = String(path.at(-1));
      return refusedKey(path) ?? `there is no key "${key}" here; ${suggestion(key, known)}`;
    },
  });
}
