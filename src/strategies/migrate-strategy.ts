import { KtrdrError } from '../base/index.ts';
import { checkStrategy, lineOf, type StrategyIssue } from './parse-strategy.ts';

export interface MigratedStrategy {
  /** The new file, with the comments of the old one where their places are left. */
  readonly text: string;
  readonly from: string;
  /** What is said otherwise now, or not any more, by its place in the old file. */
  readonly changes: readonly StrategyIssue[];
}

/**
 * A strategy file of grammar 1.0 or 2.0 as a file of grammar 3.0.
 * @throws KtrdrError `invalid_input` for a text that cannot be read, `conflict` for one of grammar 3.0.
 */
export function migrateStrategy(text: string, fileName: string): MigratedStrategy {
  const { grammar, changes, upgraded, issues } = checkStrategy(text, fileName);
  if (upgraded !== undefined) return { text: upgraded.toString({ lineWidth: 0 }), from: grammar, changes };
  const [fault] = issues;
  if (fault !== undefined && fault.path === '') throw new KtrdrError('invalid_input', lineOf(fileName, fault));
  throw new KtrdrError(
    'conflict',
    `The strategy "${fileName}" is not of an older grammar; check it with "ktrdr strategies validate".`,
  );
}
