/** The grammars of strategy files that there have been. */
export type Grammar = '1.0' | '2.0' | '3.0';

/**
 * The grammar that a file is written in. Older ones have a list of indicators and say nothing of the network's inputs;
 * their `version` is that of the strategy as often as that of the grammar.
 */
export function grammarOf(value: unknown): Grammar {
  if (typeof value !== 'object' || value === null) return '3.0';
  const keys = new Map<string, unknown>(Object.entries(value));
  const isOlder =
    Array.isArray(keys.get('indicators')) && !keys.has('nn_inputs') && String(keys.get('version')) !== '3.0';
  if (!isOlder) return '3.0';
  return ['scope', 'training_data', 'deployment'].some((key) => keys.has(key)) ? '2.0' : '1.0';
}
