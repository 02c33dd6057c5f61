import type { LabelSettings } from './strategy.ts';

const classes = {
  zigzag: ['BUY', 'HOLD', 'SELL'],
  forward_return: [],
  triple_barrier: ['BUY', 'HOLD', 'SELL'],
  context: ['BULLISH', 'BEARISH', 'NEUTRAL'],
  regime: ['TRENDING_UP', 'TRENDING_DOWN', 'RANGING', 'VOLATILE'],
} as const satisfies Readonly<Record<LabelSettings['source'], readonly string[]>>;

/** The classes that labels of a source choose between; the position is the label. Part of the contract of a model. None where the label is a number. */
export function classesOf({ source }: Pick<LabelSettings, 'source'>): readonly string[] {
  return classes[source];
}

/** Whether the classes are trades, as opposed to states of the market. */
export function areTrades({ source }: Pick<LabelSettings, 'source'>): boolean {
  return source !== 'context' && source !== 'regime';
}
