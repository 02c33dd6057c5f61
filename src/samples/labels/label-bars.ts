import type { Bars } from '../../market/index.ts';
import type { LabelSettings } from '../../strategies/index.ts';
import type { BarLabels } from './bar-labels.ts';
import { contextLabels } from './context.ts';
import { forwardReturns } from './forward-return.ts';
import { regimeLabels } from './regime.ts';
import { tripleBarrierLabels } from './triple-barrier.ts';
import { zigzagLabels } from './zigzag.ts';

/** What a strategy wants a network to learn of each bar. */
export function labelBars(bars: Bars, settings: LabelSettings): BarLabels {
  switch (settings.source) {
    case 'zigzag':
      return zigzagLabels(bars.close, settings.threshold);
    case 'forward_return':
      return forwardReturns(bars.close, settings.horizon);
    case 'triple_barrier':
      return tripleBarrierLabels(bars, settings);
    case 'context':
      return contextLabels(bars.close, settings);
    case 'regime':
      return regimeLabels(bars, settings);
    default:
      return settings satisfies never;
  }
}
