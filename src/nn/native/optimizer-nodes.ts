import { optimizerConstants } from '../optimizer.ts';
import type { OptimizerSpec } from '../trainer.ts';
import type { GraphBuilder, Value } from './graph-builder.ts';

/** Which of its two moments an optimizer has. */
export function momentsOf(type: OptimizerSpec['type']): ('first' | 'second')[] {
  if (type === 'sgd') return ['first'];
  return type === 'rmsprop' ? ['second'] : ['first', 'second'];
}

const { momentum, adamDecay, rmsDecay } = optimizerConstants;

interface Update {
  readonly weights: Value;
  readonly gradient: Value;
  /** All of them are flat. */
  readonly count: number;
}

/**
 * The formulas of `createOptimizer`, as nodes. Adds the inputs `stride`, `floor`, of `adamw` also `kept`, what is left of a
 * weight after the decay, and those of the moments; and the outputs `weights.next` and the moments' `.next`.
 */
export function addOptimizer(
  graph: GraphBuilder,
  optimizer: OptimizerSpec,
  { weights, gradient, count }: Update,
): void {
  const { type, weightDecay, gradientClip } = optimizer;
  const apply = graph.apply.bind(graph);
  const times = (value: Value, factor: number): Value => apply('Mul', [value, graph.number(factor)]);
  let slope = gradient;
  if (gradientClip > 0) {
    const length = apply('ReduceL2', [slope], { keepdims: { integer: 1 } });
    const factor = apply('Min', [apply('Div', [graph.number(gradientClip), length]), graph.number(1)]);
    slope = apply('Mul', [slope, factor]);
  }
  let from = weights;
  if (type === 'adamw') from = apply('Mul', [weights, graph.input('kept', [1])]);
  else if (weightDecay > 0) slope = apply('Add', [slope, times(weights, weightDecay)]);

  const moment = (name: 'first' | 'second', decay: number, share: Value): Value => {
    const next = apply('Add', [times(graph.input(name, [count]), decay), share]);
    graph.output(`${name}.next`, [count], next);
    return next;
  };
  const stride = graph.input('stride', [1]);
  const divisor = (second: Value): Value => apply('Add', [apply('Sqrt', [second]), graph.input('floor', [1])]);
  const square = (): Value => apply('Mul', [slope, slope]);
  let direction: Value;
  if (type === 'sgd') direction = moment('first', momentum, slope);
  else if (type === 'rmsprop') {
    direction = apply('Div', [slope, divisor(moment('second', rmsDecay, times(square(), 1 - rmsDecay)))]);
  } else {
    const mean = moment('first', adamDecay.first, times(slope, 1 - adamDecay.first));
    const spread = moment('second', adamDecay.second, times(square(), 1 - adamDecay.second));
    direction = apply('Div', [mean, divisor(spread)]);
  }
  graph.output('weights.next', [count], apply('Sub', [from, apply('Mul', [stride, direction])]));
}
